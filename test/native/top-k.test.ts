import { describe, expect, it } from 'vitest';

import { METRICS, type Metric } from '../../src/native/metrics.js';
import type { SearchResult } from '../../src/native/search-result.js';
import { STORAGES } from '../../src/native/storages.js';
import { similarityTopK } from '../../src/native/top-k.js';
import { randomNormal, seededRandom } from '../support/random.js';

const STORAGES_AND_AUTO = ['auto', ...STORAGES] as const;

/** The sum in the order that native/ops/topk.h defines. */
function orderedSum(n: number, term: (t: number) => number): number {
  const sums = new Float64Array(32);
  for (let t = 0; t < n; t++) sums[t % 32]! += term(t);
  for (let half = 16; half >= 1; half /= 2) for (let j = 0; j < half; j++) sums[j]! += sums[j + half]!;
  return sums[0]!;
}

function exactScore(metric: Metric, q: Float32Array, b: Float32Array): number {
  if (metric === 'l2') return orderedSum(q.length, (t) => (q[t]! - b[t]!) ** 2);
  const dot = orderedSum(q.length, (t) => q[t]! * b[t]!);
  if (metric === 'ip') return dot;
  const norms = Math.sqrt(orderedSum(q.length, (t) => q[t]! ** 2)) * Math.sqrt(orderedSum(b.length, (t) => b[t]! ** 2));
  return norms > 0 ? dot / norms : 0;
}

/** Every pair in double precision, all rows sorted. */
function reference(metric: Metric, queries: Float32Array, base: Float32Array, dim: number, k: number): SearchResult {
  const [queryRows, baseRows] = [queries.length / dim, base.length / dim];
  const labels = new Int32Array(queryRows * k);
  const distances = new Float32Array(queryRows * k);
  const sign = metric === 'l2' ? 1 : -1;
  for (let i = 0; i < queryRows; i++) {
    const q = queries.subarray(i * dim, (i + 1) * dim);
    const all = Float64Array.from({ length: baseRows }, (_, j) =>
      exactScore(metric, q, base.subarray(j * dim, (j + 1) * dim)),
    );
    const order = Int32Array.from(all, (_, j) => j)
      .sort((a, b) => sign * (all[a]! - all[b]!) || a - b)
      .subarray(0, k);
    labels.set(order, i * k);
    distances.set(
      Float32Array.from(order, (j) => all[j]!),
      i * k,
    );
  }
  return { labels, distances, k };
}

/** Where two results differ, bit by bit. (`toEqual` takes seconds on arrays of this size.) */
function firstDifference(actual: SearchResult, expected: SearchResult, k: number): string | undefined {
  if (actual.labels.length !== expected.labels.length || actual.distances.length !== expected.distances.length)
    return 'length';
  const at = expected.labels.findIndex(
    (row, i) => actual.labels[i] !== row || !Object.is(actual.distances[i], expected.distances[i]),
  );
  if (at < 0) return undefined;
  const show = (result: SearchResult): string =>
    `row ${String(result.labels[at])} with ${String(result.distances[at])}`;
  return `query ${Math.floor(at / k)}, rank ${at % k}: ${show(actual)} instead of ${show(expected)}`;
}

/** Checks every metric and storage, entry by entry and bit by bit, against the reference. */
async function expectExact(
  queries: Float32Array,
  base: Float32Array,
  dim: number,
  k: number,
  metrics: readonly Metric[] = METRICS,
): Promise<void> {
  for (const metric of metrics) {
    const expected = reference(metric, queries, base, dim, k);
    for (const storage of STORAGES_AND_AUTO) {
      const actual = await similarityTopK({ queries, base, dim, k, metric, storage });
      expect(firstDifference(actual, expected, k), `${metric}, ${storage}`).toBeUndefined();
    }
  }
}

/** Row i of the result scaled by factor(i). */
function scaleRows(x: Float32Array, dim: number, factor: (row: number) => number): Float32Array {
  return x.map((value, t) => value * factor(Math.floor(t / dim)));
}

describe('similarityTopK', () => {
  it.each([1, 2, 15, 16, 17, 31, 33, 63, 384, 1000])('matches double precision at dim %i', async (dim) => {
    await expectExact(randomNormal(9 * dim, dim), randomNormal(301 * dim, dim + 1), dim, 7);
  });

  // Below 8 queries rows are compared one by one, from 8 on in blocks; tiles are 256 rows.
  it.each([
    [1, 1],
    [1, 255],
    [7, 257],
    [8, 256],
    [33, 513],
    [130, 1000],
  ])('matches double precision for %i queries and %i rows', async (queryRows, baseRows) => {
    const dim = 24;
    await expectExact(randomNormal(queryRows * dim, 5), randomNormal(baseRows * dim, 6), dim, Math.min(10, baseRows));
  });

  it.each([1, 2, 63, 299, 300])('returns all it is asked for at k = %i of 300 rows', async (k) => {
    await expectExact(randomNormal(12 * 16, 7), randomNormal(300 * 16, 8), 16, k);
  });

  it('cuts large inputs into rounds, blocks and segments without a trace', async () => {
    const [dim, baseRows] = [8, 9000];
    const base = randomNormal(baseRows * dim, 9);
    await expectExact(randomNormal(3 * dim, 10), base, dim, 20);
    const queryRows = 1500;
    const queries = randomNormal(queryRows * dim, 11);
    const whole = await similarityTopK({ queries, base, dim, k: 3, metric: 'l2' });
    for (const i of [0, 511, 512, 1023, 1024, 1499]) {
      const one = await similarityTopK({
        queries: queries.subarray(i * dim, (i + 1) * dim),
        base,
        dim,
        k: 3,
        metric: 'l2',
      });
      const part = {
        labels: whole.labels.subarray(i * 3, i * 3 + 3),
        distances: whole.distances.subarray(i * 3, i * 3 + 3),
        k: 3,
      };
      expect(firstDifference(part, one, 3)).toBeUndefined();
    }
  });

  describe('stays exact', () => {
    const dim = 48;
    const queries = randomNormal(10 * dim, 20);

    it.each([48, 2000])('with rows that differ by less than any low precision resolves, at dim %i', async (wide) => {
      const one = randomNormal(wide, 21);
      const random = seededRandom(22);
      // Neighbours in float32: relative differences of 2^-23.
      const base = Float32Array.from(
        { length: 400 * wide },
        (_, t) => one[t % wide]! * (1 + Math.floor(random() * 4) * 2 ** -23),
      );
      await expectExact(randomNormal(10 * wide, 20), base, wide, 25);
    });

    it('with duplicates, ranked by index', async () => {
      const distinct = randomNormal(5 * dim, 23);
      const base = Float32Array.from({ length: 1200 * dim }, (_, t) => distinct[t % (5 * dim)]!);
      await expectExact(queries, base, dim, 300);
      await expectExact(base.subarray(0, 9 * dim), base, dim, 10);
    });

    it('with equal rows throughout', async () => {
      await expectExact(queries, new Float32Array(2000 * dim).fill(0.1), dim, 10);
      await expectExact(queries, new Float32Array(700 * dim), dim, 10);
    });

    it('with zero queries and zero rows', async () => {
      const base = scaleRows(randomNormal(600 * dim, 24), dim, (row) => row % 3 && 1);
      await expectExact(
        scaleRows(queries, dim, (row) => row % 2),
        base,
        dim,
        450,
      );
    });

    it('with lengths spread over the whole range of float32', async () => {
      const base = scaleRows(randomNormal(900 * dim, 25), dim, (row) => 10 ** (-44 + (row * 80) / 900));
      await expectExact(queries, base, dim, 12);
      await expectExact(
        scaleRows(queries, dim, (row) => 10 ** (row * 8 - 40)),
        base,
        dim,
        12,
      );
    });

    it('with one row that dwarfs the others', async () => {
      const base = randomNormal(900 * dim, 26);
      for (const factor of [1e6, 1e18, 1e30])
        await expectExact(
          queries,
          scaleRows(base, dim, (row) => (row === 77 ? factor : 1)),
          dim,
          9,
        );
    });

    it('with the largest and the smallest numbers there are', async () => {
      const signs = randomNormal(400 * dim, 27);
      const largest = signs.map((value) => Math.sign(value) * 3.4e38);
      const denormal = signs.map((value) => Math.round(value * 3) * 2 ** -149);
      await expectExact(largest.subarray(0, 9 * dim), largest, dim, 5);
      await expectExact(denormal.subarray(0, 9 * dim), denormal, dim, 5);
      await expectExact(largest.subarray(0, 9 * dim), denormal, dim, 5);
      await expectExact(denormal.subarray(0, 9 * dim), largest, dim, 5);
    });

    it('with a few large entries among tiny ones, which clip or vanish in low precision', async () => {
      const spiky = (x: Float32Array, seed: number) => {
        const random = seededRandom(seed);
        return x.map((value) => (random() < 0.02 ? value * 1000 : value * 0.01));
      };
      await expectExact(spiky(queries, 1), spiky(randomNormal(900 * dim, 28), 2), dim, 15);
    });

    it('with nearly parallel queries and rows far from the origin', async () => {
      const shifted = (length: number, seed: number) => randomNormal(length, seed).map((value) => 1000 + value * 0.01);
      await expectExact(shifted(9 * dim, 29), shifted(1000 * dim, 30), dim, 15);
    });
  });

  it('orders by double precision where float32 scores tie, and reports what overflows as infinite', async () => {
    const base = Float32Array.of(1, 2 ** -30, 1, 2 ** -29);
    const near = await similarityTopK({
      queries: Float32Array.of(1, 1),
      base,
      dim: 2,
      k: 2,
      metric: 'ip',
    });
    expect([...near.labels, ...near.distances]).toEqual([1, 0, 1, 1]);
    const far = await similarityTopK({
      queries: Float32Array.of(3e38),
      base: Float32Array.of(-2, 3e38, 2e38),
      dim: 1,
      k: 3,
      metric: 'ip',
    });
    expect([...far.labels, ...far.distances]).toEqual([1, 2, 0, Infinity, Infinity, -Infinity]);
  });
});
