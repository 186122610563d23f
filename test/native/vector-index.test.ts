import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';
import { INDEX_METRICS as METRICS } from '../../src/native/metrics.js';
import { rowFilter } from '../../src/search/filters/row-filter.js';
import { VectorIndex, type VectorIndexOptions } from '../../src/search/vector-index.js';
import { exactRanking, recall } from '../support/exact-search.js';
import { randomClusters, randomNormal, seededRandom } from '../support/random.js';
import { relativeError, TOLERANCE } from '../support/tolerances.js';

const folder = mkdtempSync(join(tmpdir(), 'univar-index-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function build(options: VectorIndexOptions & { plain?: boolean }, x: Float32Array): Promise<VectorIndex> {
  const index = await VectorIndex.create(options);
  await index.train(x);
  await index.add(x);
  return index;
}

/** Whole numbers: every sum is exact in float32, whatever its order. */
function wholeNumbers(length: number, limit: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => Math.floor((random() * 2 - 1) * limit));
}

describe.each(METRICS)('a flat index, %s', (metric) => {
  it.each([1, 15, 16, 17, 63, 1000])('equals double precision at dim %i, for few and many queries', async (dim) => {
    const rows = 97;
    const k = 10;
    const base = randomNormal(rows * dim, dim);
    const queries = randomNormal(33 * dim, dim + 1);
    const index = await build({ dim, metric, factory: 'Flat' }, base);
    // One thread scans for few queries; a matrix product serves many.
    for (const count of [1, 5, 33]) {
      const { labels, distances } = await index.search(queries.subarray(0, count * dim), { k });
      for (let i = 0; i < count; i++) {
        const expected = exactRanking(queries, i, base, dim, metric);
        // Of the largest distance, not of the nearest: FAISS takes |x|^2 + |y|^2 - 2 xy when there are many queries.
        const largest = Math.max(...expected.map((entry) => Math.abs(entry.distance)));
        for (let j = 0; j < k; j++) {
          expect(Math.abs(distances[i * k + j]! - expected[j]!.distance) / largest).toBeLessThan(TOLERANCE.f32Sum);
        }
        expect(labels[i * k]).toBe(expected[0]!.row);
      }
    }
  });

  it('finds everything within a radius, best first', async () => {
    const dim = 24;
    const base = randomNormal(200 * dim, 3);
    const queries = randomNormal(30 * dim, 4);
    const radius = metric === 'ip' ? 5 : 40;
    const index = await build({ dim, metric, factory: 'Flat' }, base);
    for (const count of [3, 30]) {
      const { offsets, labels, distances } = await index.rangeSearch(queries.subarray(0, count * dim), { radius });
      expect(offsets).toHaveLength(count + 1);
      for (let i = 0; i < count; i++) {
        const expected = exactRanking(queries, i, base, dim, metric).filter(({ distance }) =>
          metric === 'ip' ? distance > radius : distance < radius,
        );
        expect([...labels.subarray(offsets[i], offsets[i + 1])]).toEqual(expected.map((entry) => entry.row));
        expect(
          relativeError(
            distances.subarray(offsets[i], offsets[i + 1]),
            expected.map((entry) => entry.distance),
          ),
        ).toBeLessThan(TOLERANCE.f32Sum);
      }
    }
  });
});

/** Without a walk, squared distances from codes are computed in float32. */
function toleranceOf(factory: string, metric: string): number {
  if (!factory.endsWith('SQ8')) return TOLERANCE.f32Sum;
  if (metric === 'ip') return TOLERANCE.wholeQuery;
  return factory.includes('HNSW') ? TOLERANCE.wholeQuerySquared : TOLERANCE.f32Sum;
}

describe.each(METRICS)('every kind of index agrees with plain FAISS, %s', (metric) => {
  const dim = 40;
  const x = randomClusters(700, dim, 20, 5);
  const queries = randomClusters(30, dim, 20, 6);
  const kinds: [string, object][] = [
    ['SQ8', {}],
    ['SQ4', {}],
    ['SQfp16', {}],
    ['SQbf16', {}],
    ['PQ8x4', {}],
    ['HNSW8', { efSearch: 200 }],
    ['HNSW8,SQ8', { efSearch: 200 }],
    ['HNSW8,SQ6', { efSearch: 200 }],
    ['IVF16,Flat', { nprobe: 5 }],
    ['IVF16,SQ8', { nprobe: 5 }],
    ['IVF16,SQfp16', { nprobe: 5 }],
    ['IVF16,PQ8x4', { nprobe: 5 }],
    ['IVF16_HNSW4,Flat', { nprobe: 5, efSearch: 16 }],
    ['PCA16,IVF16,SQ8', { nprobe: 5 }],
    ['OPQ8_16,IVF16,PQ8x4', { nprobe: 5 }],
    ['RR,L2norm,Pad64,HNSW8', { efSearch: 200 }],
  ];

  it.each(kinds)('%s', async (factory, params) => {
    const index = await build({ dim, metric, factory }, x);
    expect(index.size).toBe(700);
    const plain = await VectorIndex.fromBuffer(await index.toBuffer(), { plain: true });
    // The same structure searched by FAISS's own code and by ours: what differs is rounding, and that our walk through
    // a graph takes a row before the neighbours of the row before it are compared.
    for (const count of [3, 30]) {
      const ours = await index.search(queries.subarray(0, count * dim), { k: 5, ...params });
      const theirs = await plain.search(queries.subarray(0, count * dim), { k: 5, ...params });
      const isSame = [...ours.labels].map((label, i) => label === theirs.labels[i]);
      expect(isSame.filter(Boolean).length / isSame.length).toBeGreaterThan(0.95); // equal distances may swap
      const isWalked = factory.includes('HNSW8');
      const [own, their] = [ours, theirs].map(({ distances }) => distances.filter((_, i) => !isWalked || isSame[i]));
      expect(relativeError(own!, their!)).toBeLessThan(toleranceOf(factory, metric));
      const radius = ours.distances[2]!;
      const inRange = await index.rangeSearch(queries.subarray(0, count * dim), { radius, ...params });
      const theirRange = await plain.rangeSearch(queries.subarray(0, count * dim), { radius, ...params });
      expect(Math.abs(inRange.labels.length - theirRange.labels.length)).toBeLessThanOrEqual(count);
    }
    await index.dispose();
    await plain.dispose();
  });
});

describe.each(METRICS)('8-bit codes, %s', (metric) => {
  it.each([1, 15, 33, 64, 200, 1024, 1100])('cost much more precision than whole queries, at dim %i', async (dim) => {
    const rows = 60;
    const x = randomClusters(rows, dim, 5, dim);
    const codes = await build({ dim, metric, factory: 'SQ8' }, x);
    const filter = rowFilter(rows, (row) => row > 0); // compares rows by their numbers, as a walk does
    const plain = await VectorIndex.fromBuffer(await codes.toBuffer(), { plain: true });
    const exact = await build({ dim, metric, factory: 'Flat' }, x);
    // Zeros, and entries that differ by orders of magnitude. These would hide squared distances from float32.
    const magnitude = (i: number): number => (metric === 'ip' ? 10 ** (i % 5) : 1);
    const queries = randomNormal(9 * dim, 7).map((value, i) => (i < dim ? 0 : value * magnitude(i)));
    const [ours, theirs, truth] = await Promise.all(
      [codes, plain, exact].map(async (index) => {
        const { labels, distances } = await index.search(queries, { k: rows - 1, filter });
        const byRow = new Float64Array(distances.length);
        labels.forEach((label, i) => (byRow[i - (i % (rows - 1)) + label - 1] = distances[i]!));
        return byRow;
      }),
    );
    const rounding = Math.hypot(...ours!.map((value, i) => value - theirs![i]!));
    const coding = Math.hypot(...theirs!.map((value, i) => value - truth![i]!));
    expect(rounding).toBeLessThan(0.03 * coding);
  });
});

describe('graph construction', () => {
  it.each(METRICS)('builds the very graph of plain FAISS while batches hold one point, %s', async (metric) => {
    // Lists overflow (8 places) and candidates are pruned (40 for 8 places), with exact arithmetic. No row is lost.
    const dim = 16;
    const x = wholeNumbers(127 * dim, 400, 8);
    const ours = await build({ dim, metric, factory: 'HNSW4' }, x);
    const theirs = await build({ dim, metric, factory: 'HNSW4', plain: true }, x);
    expect(Buffer.compare(await ours.toBuffer(), await theirs.toBuffer())).toBe(0);
  });

  it.each(METRICS)('finds as much as the graph of plain FAISS, in one addition and in parts, %s', async (metric) => {
    const dim = 48;
    const x = randomClusters(4000, dim, 60, 8);
    const queries = randomClusters(60, dim, 60, 8).map((value, i) => value + 0.1 * Math.sin(i));
    const recallOf = async (index: VectorIndex): Promise<number> =>
      recall((await index.search(queries, { k: 10, efSearch: 40 })).labels, queries, x, dim, 10, metric);
    const whole = await build({ dim, metric, factory: 'HNSW16' }, x);
    const plain = await build({ dim, metric, factory: 'HNSW16', plain: true }, x);
    const parts = await VectorIndex.create({ dim, metric, factory: 'HNSW16' });
    await parts.reserve(4000);
    const sizes = [1, 10, 100, 1000, 2889];
    for (let begin = 0; begin < 4000; ) {
      const rows = sizes.shift()!;
      await parts.add(x.subarray(begin * dim, (begin + rows) * dim));
      begin += rows;
    }
    const expected = await recallOf(plain);
    expect(expected).toBeGreaterThan(0.5);
    expect(await recallOf(whole)).toBeGreaterThan(expected - 0.03);
    expect(await recallOf(parts)).toBeGreaterThan(expected - 0.03);
  });

  it('gives the same graph every time', async () => {
    const dim = 32;
    const x = randomClusters(2500, dim, 30, 9);
    const [first, second] = await Promise.all([
      build({ dim, metric: 'l2', factory: 'HNSW8' }, x),
      build({ dim, metric: 'l2', factory: 'HNSW8' }, x),
    ]);
    expect(Buffer.compare(await first.toBuffer(), await second.toBuffer())).toBe(0);
  });

  it('uses efConstruction', async () => {
    const dim = 32;
    const x = randomNormal(2000 * dim, 10);
    const recallWith = async (efConstruction: number): Promise<number> => {
      const index = await build({ dim, metric: 'l2', factory: 'HNSW8', efConstruction }, x);
      return recall(
        (await index.search(x.subarray(0, 50 * dim), { k: 10, efSearch: 20 })).labels,
        x.subarray(0, 50 * dim),
        x,
        dim,
        10,
        'l2',
      );
    };
    expect(await recallWith(200)).toBeGreaterThan(await recallWith(8));
  });
});

describe('storing', () => {
  it('reads back what it wrote, under the same name twice', async () => {
    const dim = 20;
    const x = randomNormal(300 * dim, 11);
    const path = join(folder, 'index.faiss');
    for (const factory of ['Flat', 'HNSW8', 'IVF8,PQ4x4']) {
      const index = await build({ dim, metric: 'l2', factory }, x);
      await index.save(path);
      expect(Buffer.compare(readFileSync(path), await index.toBuffer())).toBe(0);
      const loaded = await VectorIndex.load(path);
      expect({
        dim: loaded.dim,
        metric: loaded.metric,
        size: loaded.size,
        factory: loaded.factory,
        isTrained: loaded.isTrained,
      }).toEqual({ dim, metric: 'l2', size: 300, factory, isTrained: true });
      expect(await loaded.search(x.subarray(0, 5 * dim), { k: 7 })).toEqual(
        await index.search(x.subarray(0, 5 * dim), { k: 7 }),
      );
      await loaded.add(x.subarray(0, 10 * dim));
      expect(loaded.size).toBe(310);
    }
  });

  it('stores an empty index', async () => {
    const index = await VectorIndex.create({ dim: 4, metric: 'ip', factory: 'HNSW8' });
    const loaded = await VectorIndex.fromBuffer(await index.toBuffer());
    await loaded.add(Float32Array.of(1, 2, 3, 4));
    expect((await loaded.search(Float32Array.of(1, 0, 0, 0), { k: 1 })).distances[0]).toBe(1);
  });

  it('refuses to store what is not trained', async () => {
    const index = await VectorIndex.create({ dim: 4, metric: 'ip', factory: 'IVF2,Flat' });
    await expect(index.toBuffer()).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(index.save(join(folder, 'never'))).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
  });
});

describe('order of calls', () => {
  it('lets each call see what the calls before it left', async () => {
    const dim = 8;
    const x = randomNormal(6000 * dim, 12);
    const index = await VectorIndex.create({ dim, metric: 'l2', factory: 'HNSW8' });
    await index.add(x.subarray(0, dim));
    const one = x.subarray(dim * 3000, dim * 3001);
    const before = index.search(one, { k: 1 });
    const adding = index.add(x.subarray(dim));
    const after = index.search(one, { k: 1, efSearch: 100 });
    expect((await before).labels[0]).toBe(0);
    expect((await after).labels[0]).toBe(3000);
    await adding;
    expect(index.size).toBe(6000);
  });

  it('answers many single queries at once as it answers them together', async () => {
    const dim = 16;
    const x = randomNormal(3000 * dim, 13);
    const index = await build({ dim, metric: 'ip', factory: 'HNSW16' }, x);
    const count = 64;
    const together = await index.search(x.subarray(0, count * dim), { k: 5 });
    const single = await Promise.all(
      Array.from({ length: count }, (_, i) => index.search(x.subarray(i * dim, (i + 1) * dim), { k: 5 })),
    );
    single.forEach(({ labels }, i) => expect(labels).toEqual(together.labels.subarray(i * 5, (i + 1) * 5)));
  });

  it('finishes calls in flight before it is disposed, and refuses later ones', async () => {
    const dim = 8;
    const x = randomNormal(2000 * dim, 14);
    const index = await build({ dim, metric: 'l2', factory: 'HNSW8' }, x);
    const small = index.search(x.subarray(0, dim), { k: 3 });
    const large = index.search(x, { k: 3 });
    const disposing = index.dispose();
    expect((await small).labels[0]).toBe(0);
    expect((await large).labels[0]).toBe(0);
    await disposing;
    await index.dispose();
    for (const call of [
      () => index.search(x, { k: 1 }),
      () => index.add(x),
      () => index.train(x),
      () => index.toBuffer(),
      () => index.reserve(1),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    }
  });
});
