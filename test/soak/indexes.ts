import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { INDEX_METRICS } from '../../src/native/metrics.js';
import { VectorIndex } from '../../src/search/vector-index.js';
import { randomClusters } from '../support/random.js';
import { type Activity, check, checkEqual, checkFinite, settled } from './activity.js';
import type { Draw } from './draw.js';

const FACTORIES = [
  'Flat',
  'SQ8',
  'SQ4',
  'SQ6',
  'SQfp16',
  'SQbf16',
  'PQ4x4',
  'HNSW32',
  'HNSW4,SQ8',
  'HNSW8,SQfp16,RFlat',
  'IVF4,Flat',
  'IVF8,SQ8',
  'IVF4,PQ4x4',
  'IVF8_HNSW4,SQ8',
  'IVF4,SQ8,RFlat',
  'PCA4,IVF4,SQ8',
  'OPQ4_8,IVF4,PQ4x4',
  'OPQ4,PQ4x4,RFlat',
  'RR,L2norm,Pad64,HNSW8',
] as const;

/** Adds to an index, removes from it and searches it, all in flight at once; then saves it and opens the file. */
export const indexes: Activity = async (draw) => {
  const dim = 4 * draw.pick([2, 3, 4, 10]);
  const vectors = randomClusters(draw.int(256, 900), dim, 20, draw.seed);
  const options = { dim, metric: draw.pick(INDEX_METRICS), factory: draw.pick(FACTORIES) };
  const plain = draw.chance(0.2); // equal distances can be in another order without our distance code
  const index = await VectorIndex.create({ ...options, plain });
  await settled(index.train(vectors, { signal: draw.signal() }));
  if (!index.isTrained) await index.train(vectors);
  await index.add(vectors);
  await Promise.all(Array.from({ length: draw.int(2, 10) }, () => useIndex(draw, index, vectors)));
  if (draw.chance(0.4)) await reopen(draw, index, vectors, plain);
  const last = Array.from({ length: 3 }, () => useIndex(draw, index, vectors));
  if (draw.chance(0.7)) await index.dispose();
  await Promise.all(last);
};

async function useIndex(draw: Draw, index: VectorIndex, vectors: Float32Array): Promise<void> {
  const { dim } = index;
  const rows = draw.pick([1, 2, 9, 30]);
  const queries = vectors.subarray(0, rows * dim);
  const filter = draw.chance(0.3) ? Uint8Array.from({ length: 60 }, () => draw.int(0, 255)) : undefined;
  const given = { signal: draw.signal(), ...(filter && { filter }) };
  switch (draw.pick(['add', 'remove', 'search', 'range', 'save', 'reserve'])) {
    case 'add':
      if (!index.isMapped) await settled(index.add(queries, { signal: draw.signal() }));
      return;
    case 'remove':
      await settled(index.remove(draw.ints(draw.int(0, 5), 30)));
      return;
    case 'search': {
      const found = await settled(index.search(queries, { k: draw.int(1, 10), ...given }));
      if (found)
        check(
          found.labels.every((label) => label >= -1 && label < index.rows),
          'a label is out of range',
        );
      return;
    }
    case 'range': {
      const found = await settled(index.rangeSearch(queries, { radius: draw.int(0, dim), ...given }));
      if (found) checkFinite(found.distances, 'distance');
      return;
    }
    case 'save':
      await settled(index.toBuffer());
      return;
    case 'reserve':
      if (!index.isMapped) await settled(index.reserve(draw.int(0, 2000)));
  }
}

/** The file must find what the index finds. */
async function reopen(draw: Draw, index: VectorIndex, vectors: Float32Array, plain: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'univar-soak-'));
  try {
    const path = join(folder, 'index');
    await index.save(path);
    const opened = await VectorIndex.load(path, { map: draw.chance(0.5), plain });
    const queries = vectors.subarray(0, 7 * index.dim);
    const [expected, found] = await Promise.all([index.search(queries, { k: 3 }), opened.search(queries, { k: 3 })]);
    if (!opened.isMapped) checkEqual(found.labels, expected.labels, 'label of a saved index');
    await Promise.all(Array.from({ length: 4 }, () => useIndex(draw, opened, vectors)));
    if (draw.chance(0.7)) await opened.dispose();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
