/**
 * Prints what an addon computes as hashes, and how long it took, as JSON. Plain JavaScript, because it also runs where
 * only Node and the packed packages are. Arguments: the folder dist, the folder test/fixtures/parity, and "values" for
 * what was computed beside its hashes, in base64.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [dist, fixtures, mode] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const { capabilities, VectorIndex } = await load('index.js');
const { SafetensorsFile } = await load('encoder/formats/safetensors.js');
const { createTrainer } = await load('training/trainer.js');

const digests = {};
const values = {};
const milliseconds = {};
const keep = (name, array) => {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  digests[name] = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  if (mode === 'values') values[name] = Buffer.from(bytes).toString('base64');
};
/** Keeps the shortest of several runs, the one that other programs disturbed least. */
const time = async (name, runs, action) => {
  for (let run = 0; run < (mode === 'values' ? 1 : runs); run++) {
    const start = performance.now();
    await action();
    milliseconds[name] = Math.min(milliseconds[name] ?? Infinity, performance.now() - start);
  }
};

/** The two views of a parity fixture, packed without padding. */
async function viewsOf(folder) {
  const file = await SafetensorsFile.open(join(folder, 'reference.safetensors'));
  const integers = async (name) => Int32Array.from(new BigInt64Array(await file.readBytes(name)), Number);
  const [, rows, tokens] = file.tensors.get('input_ids').shape;
  const [ids, mask] = [await integers('input_ids'), await integers('attention_mask')];
  await file.close();
  return [0, 1].map((view) => {
    const packed = [];
    const offsets = [0];
    for (let row = 0; row < rows; row++) {
      for (let at = (view * rows + row) * tokens; at < (view * rows + row + 1) * tokens; at++)
        if (mask[at] === 1) packed.push(ids[at]);
      offsets.push(packed.length);
    }
    return { ids: Int32Array.from(packed), offsets: Int32Array.from(offsets) };
  });
}

for (const name of ['bert-tiny', 'nomic-tiny']) {
  const folder = join(fixtures, name);
  const [query, key] = await viewsOf(folder);
  for (const precision of ['f32', 'bf16']) {
    const trainer = await createTrainer({ encoder: folder, mode: 'symmetric', precision, learningRate: 1e-3 });
    await time(`${name} ${precision} encode`, 20, async () =>
      keep(`${name} ${precision}`, await trainer.encode(query)),
    );
    for (let step = 0; step < 3; step++) await trainer.step({ query, key });
    keep(`${name} ${precision} trained`, await trainer.encode(query));
    await trainer.dispose();
  }
}

// A linear congruential generator: the same vectors everywhere.
let state = 1;
const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5;
const dim = 96;
const vectors = Float32Array.from({ length: 4000 * dim }, uniform);
const queries = vectors.subarray(0, 400 * dim);
for (const factory of ['Flat', 'HNSW16', 'IVF32,Flat', 'PCA32,Flat', 'SQ8', 'OPQ8_32,IVF8,PQ8x4']) {
  const index = await VectorIndex.create({ dim, metric: 'l2', factory });
  if (index.needsTraining ?? /IVF|PCA|SQ|PQ/.test(factory)) await index.train(vectors);
  await index.add(vectors);
  await time(`${factory} search`, 5, async () => {
    const { labels, distances } = await index.search(queries, { k: 10 });
    keep(`${factory} labels`, labels);
    keep(`${factory} distances`, distances);
  });
  await index.dispose();
}

const { addonPath, simd, libraries } = capabilities();
process.stdout.write(
  `${JSON.stringify({ addonPath, simd, libraries, digests, milliseconds, values }, undefined, 1)}\n`,
);
