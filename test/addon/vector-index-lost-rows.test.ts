import { describe, expect, it } from 'vitest';

import { INDEX_METRICS, type IndexMetric } from '../../src/native/metrics.js';
import { VectorIndex } from '../../src/search/vector-index.js';
import { hardRows, textLike } from '../support/hard-rows.js';
import { randomUnitRows, seededRandom } from '../support/random.js';

const DIM = 32;

const SETS = hardRows(900, DIM);

async function build(x: Float32Array, metric: IndexMetric, factory: string, step: number): Promise<VectorIndex> {
  const index = await VectorIndex.create({ dim: DIM, metric, factory });
  await index.train(x);
  for (let begin = 0; begin < x.length; begin += step * DIM) await index.add(x.subarray(begin, begin + step * DIM));
  return index;
}

describe.each(INDEX_METRICS)('a graph does not lose rows, %s', (metric) => {
  it.each(Object.keys(SETS))('%s', async (name) => {
    const x = SETS[name]!();
    for (const factory of ['HNSW16', 'HNSW16,SQ8,RFlat']) {
      const built = await build(x, metric, factory, x.length / DIM);
      expect(await built.selfRecall({ sample: 2000 })).toBeGreaterThan(0.99);
    }
    // Single additions find lost rows by samples, so those of the last few can be missing.
    const grown = await build(x, metric, 'HNSW16', 1);
    expect(await grown.selfRecall({ sample: 2000 })).toBeGreaterThan(0.95);
  });

  it('and finds all rows that are equal', async () => {
    const distinct = randomUnitRows(40, DIM, 11);
    const order = seededRandom(12);
    const owners = Array.from({ length: 1600 }, () => Math.floor(order() * 40));
    const x = Float32Array.from(owners.flatMap((owner) => [...distinct.subarray(owner * DIM, (owner + 1) * DIM)]));
    for (const step of [1600, 1]) {
      const index = await build(x, metric, 'HNSW16', step);
      const { labels } = await index.search(distinct, { k: 10 });
      labels.forEach((label, i) => expect(owners[label]).toBe(Math.floor(i / 10)));
    }
  });
});

describe('selfRecall', () => {
  it('sees rows that are lost', async () => {
    // FAISS's own construction loses them.
    const x = SETS['half of them equal']!();
    const index = await VectorIndex.create({ dim: DIM, metric: 'l2', factory: 'HNSW16', plain: true });
    await index.add(x);
    expect(await index.selfRecall({ sample: 2000 })).toBeLessThan(0.98);
  });

  it('counts only rows that are there, and is 1 without any or without a graph', async () => {
    const x = textLike(300, DIM, 1);
    const index = await VectorIndex.create({ dim: DIM, metric: 'l2', factory: 'HNSW16' });
    expect(await index.selfRecall()).toBe(1);
    await index.add(x);
    await index.remove(Int32Array.from({ length: 299 }, (_, i) => i));
    expect(await index.selfRecall()).toBe(1);
    expect(await (await build(x, 'ip', 'IVF4,SQ8', 300)).selfRecall()).toBe(1);
  });
});
