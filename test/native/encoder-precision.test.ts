import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadCheckpoint } from '../../src/encoder/weights/checkpoint.js';
import type { PackedTokens } from '../../src/native/packed-tokens.js';
import type { EncoderPrecision } from '../../src/native/precisions.js';
import { loadTokenizer } from '../../src/text/tokenizers/load-tokenizer.js';
import { createTrainer } from '../../src/training/trainer.js';
import { openParityFixture, type ParityFixture } from '../support/parity.js';
import { cosine, relativeError } from '../support/tolerances.js';

const POOLING = { pooling: 'mean', normalize: true } as const;
const MINILM = fileURLToPath(new URL('../../../shared/models/all-MiniLM-L6-v2/', import.meta.url));

async function embed(folder: string, precision: EncoderPrecision, batch: PackedTokens): Promise<Float32Array> {
  const { model } = await loadCheckpoint(folder, POOLING, precision);
  try {
    return await model.encode(batch);
  } finally {
    await model.dispose();
  }
}

function cosines(a: Float32Array, b: Float32Array, dim: number): number[] {
  return Array.from({ length: a.length / dim }, (_, i) =>
    cosine(a.subarray(i * dim, (i + 1) * dim), b.subarray(i * dim, (i + 1) * dim)),
  );
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;

describe.each(['bert-tiny', 'nomic-tiny'] as const)('precisions of %s', (name) => {
  let fixture: ParityFixture;
  beforeAll(async () => {
    fixture = await openParityFixture(name);
  });
  afterAll(() => fixture.close());

  it.each([
    ['bf16', 0.9995],
    ['int8', 0.995],
  ] as const)('gives embeddings close to PyTorch in %s', async (precision, least) => {
    const actual = await embed(fixture.folder, precision, fixture.views[0]);
    const expected = await fixture.tensor('embedding.0');
    expect(Math.min(...cosines(actual, expected, 64))).toBeGreaterThan(least);
    // The lower precision was really used.
    expect(relativeError(actual, expected)).toBeGreaterThan(1e-5);
  });

  it('gives gradients in bf16 that point where those of PyTorch do', async () => {
    const trainer = await createTrainer({
      encoder: fixture.folder,
      logitScale: fixture.scale,
      mode: 'symmetric',
      precision: 'bf16',
    });
    const { gradients } = await trainer.backward({ query: fixture.views[0], key: fixture.views[1] });
    await trainer.dispose();
    const all: [Float32Array, Float32Array][] = [];
    for (const [tensor, gradient] of gradients) all.push([gradient, await fixture.tensor(`grad.symmetric.${tensor}`)]);
    const join = (side: 0 | 1): Float32Array => Float32Array.from(all.flatMap((pair) => [...pair[side]]));
    expect(cosine(join(0), join(1))).toBeGreaterThan(0.998);
  });

  it.each(['f32', 'bf16', 'int8'] as const)(
    'repeats itself bit by bit in %s, and gives single texts what the batch gives',
    async (precision) => {
      const { model } = await loadCheckpoint(fixture.folder, POOLING, precision);
      const { ids, offsets } = fixture.views[0];
      const first = await model.encode(fixture.views[0]);
      expect(await model.encode(fixture.views[0])).toEqual(first);
      const own = ids.slice(offsets[1], offsets[2]);
      const alone = await model.encode({ ids: own, offsets: Int32Array.of(0, own.length) });
      // A sum that ends in another last bit may round to the other neighbour in a low precision.
      const tolerance = { f32: 1e-6, bf16: 4e-3, int8: 8e-3 }[precision];
      expect(relativeError(alone, first.subarray(64, 128))).toBeLessThan(tolerance);
      await model.dispose();
    },
  );

  it('refuses to train int8', async () => {
    const { model } = await loadCheckpoint(fixture.folder, POOLING, 'int8');
    const loss = { labels: undefined, mode: 'one-way', logitScale: 1, memoryBudget: 0, firstTrainedLayer: 0 } as const;
    await expect(model.backward(...fixture.views, loss)).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringContaining('int8') as string,
    });
    await model.dispose();
  });
});

describe.skipIf(!existsSync(MINILM))('all-MiniLM-L6-v2 (skipped where ../shared/models is absent)', () => {
  const dim = 384;
  let batch: PackedTokens;
  let expected: Float32Array;
  beforeAll(async () => {
    const tokenizer = await loadTokenizer(`${MINILM}tokenizer.json`);
    const { texts } = JSON.parse(readFileSync(`${MINILM}reference.json`, 'utf8')) as { texts: string[] };
    // One in six: test/integration/native-encoder.test.ts takes them all, on one instruction set.
    const rows = texts.map((_, row) => row).filter((row) => row % 6 === 0);
    batch = await tokenizer.encode(
      rows.map((row) => texts[row]!.trim()),
      { maxTokens: 256 },
    );
    const npy = readFileSync(`${MINILM}reference.npy`);
    const all = new Float32Array(npy.buffer.slice(npy.byteOffset + 128, npy.byteOffset + npy.length));
    expected = Float32Array.from(rows.flatMap((row) => [...all.subarray(row * dim, (row + 1) * dim)]));
  });

  it('gives the embeddings of sentence-transformers in f32', async () => {
    const actual = await embed(MINILM, 'f32', batch);
    expect(relativeError(actual, expected)).toBeLessThan(1e-5);
  });

  it('stays close to them in bf16', async () => {
    const found = cosines(await embed(MINILM, 'bf16', batch), expected, dim);
    expect(Math.min(...found)).toBeGreaterThan(0.9995);
  });

  it('stays close to them in int8', async () => {
    const found = cosines(await embed(MINILM, 'int8', batch), expected, dim);
    expect(mean(found)).toBeGreaterThan(0.998);
    // The worst are texts of no words, whose two tokens nothing averages out.
    expect(Math.min(...found)).toBeGreaterThan(0.993);
  });
});
