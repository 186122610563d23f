import { describe, expect, it } from 'vitest';

import { MAX_FLOAT32 } from '../../../src/native/search-result.js';
import { exactSearch } from '../../../src/search/exact-search.js';
import { rowFilter } from '../../../src/search/filters/row-filter.js';
import { randomNormal } from '../../support/random.js';

/** Computes all squared distances in double precision, sorted. */
function bruteForce(base: Float32Array, query: Float32Array, dim: number): { row: number; distance: number }[] {
  return Array.from({ length: base.length / dim }, (_, row) => ({
    row,
    distance: query.reduce((sum, value, j) => sum + (value - base[row * dim + j]!) ** 2, 0),
  })).sort((a, b) => a.distance - b.distance || a.row - b.row);
}

describe('exactSearch', () => {
  it.each([
    [1, 1, 1],
    [15, 3, 15],
    [17, 16, 5],
    [63, 17, 63],
    [1000, 63, 50],
  ])('agrees with brute force: %i rows, dim %i, k %i', async (rows, dim, k) => {
    const base = randomNormal(rows * dim, rows);
    const queries = randomNormal(21 * dim, dim);
    const found = await exactSearch({ base, queries, dim, k });
    for (let query = 0; query < 21; query++) {
      const expected = bruteForce(base, queries.subarray(query * dim, (query + 1) * dim), dim).slice(0, k);
      expect([...found.labels.subarray(query * k, (query + 1) * k)]).toEqual(expected.map(({ row }) => row));
      expected.forEach(({ distance }, i) =>
        expect(Math.abs(found.distances[query * k + i]! - distance)).toBeLessThanOrEqual(1e-7 * distance),
      );
    }
  });

  it('finds the same vector at distance 0, even far from the origin', async () => {
    const base = randomNormal(40 * 8, 1).map((value) => value + 1000);
    const found = await exactSearch({ base, queries: base.slice(), dim: 8, k: 1 });
    expect([...found.labels]).toEqual(Array.from({ length: 40 }, (_, row) => row));
    expect(found.distances.every((distance) => distance === 0)).toBe(true);
  });

  it('orders equal distances by row', async () => {
    const base = Float32Array.of(1, 0, -1, 0, 0, 1, 0, -1);
    expect([...(await exactSearch({ base, queries: Float32Array.of(0, 0), dim: 2, k: 4 })).labels]).toEqual([
      0, 1, 2, 3,
    ]);
  });

  it.each([0, 1, 3, 20, 40])('finds only the rows of a filter: %i of 40', async (count) => {
    const dim = 5;
    const base = randomNormal(40 * dim, 3);
    const queries = randomNormal(7 * dim, 4);
    const allowed = Array.from({ length: 40 }, (_, row) => row).filter((row) => (row * 7) % 40 < count);
    const filter = rowFilter(40, (row) => allowed.includes(row));
    const k = 6;
    const found = await exactSearch({ base, queries, dim, k, filter });
    expect(found.k).toBe(k);
    for (let query = 0; query < 7; query++) {
      const expected = bruteForce(base, queries.subarray(query * dim, (query + 1) * dim), dim).filter(({ row }) =>
        allowed.includes(row),
      );
      const rows = [...found.labels.subarray(query * k, (query + 1) * k)];
      expect(rows).toEqual(Array.from({ length: k }, (_, i) => expected[i]?.row ?? -1));
      for (let i = 0; i < k; i++)
        expect(Math.abs(found.distances[query * k + i]! / (expected[i]?.distance ?? MAX_FLOAT32) - 1)).toBeLessThan(
          1e-7,
        );
    }
  });

  it('accepts a filter that is shorter than the rows', async () => {
    const base = randomNormal(40, 1);
    expect(
      [
        ...(await exactSearch({ base, queries: base.slice(0, 1), dim: 1, k: 9, filter: Uint8Array.of(255) })).labels,
      ].sort((a, b) => a - b),
    ).toEqual([-1, 0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('accepts an empty list of queries', async () => {
    const found = await exactSearch({ base: Float32Array.of(1, 2), queries: new Float32Array(), dim: 2, k: 1 });
    expect(found.labels).toHaveLength(0);
  });

  it('rejects arguments that do not match', async () => {
    const base = randomNormal(12, 1);
    await expect(exactSearch({ base, queries: base, dim: 4, k: 0 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(exactSearch({ base, queries: base, dim: 4, k: 4 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(exactSearch({ base, queries: base, dim: 5, k: 1 })).rejects.toMatchObject({
      code: 'ERR_SHAPE_MISMATCH',
    });
    await expect(exactSearch({ base, queries: Float32Array.of(1, NaN, 1, 1), dim: 4, k: 1 })).rejects.toThrow(
      'in row 0',
    );
    await expect(exactSearch({ base, queries: [] as never, dim: 4, k: 1 })).rejects.toMatchObject({
      code: 'ERR_ARG_TYPE',
    });
    await expect(exactSearch({ base, queries: base, dim: 4, k: 1, signal: AbortSignal.abort() })).rejects.toMatchObject(
      {
        code: 'ERR_ABORTED',
      },
    );
  });
});
