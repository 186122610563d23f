import { describe, expect, it } from 'vitest';

import { exactNeighbours } from '../../../src/search/exact-search.js';
import { rowFilter } from '../../../src/search/filters/row-filter.js';
import { randomNormal } from '../../support/random.js';

/** All distances in double precision, sorted. */
function bruteForce(base: Float32Array, query: Float32Array, dim: number): { row: number; distance: number }[] {
  return Array.from({ length: base.length / dim }, (_, row) => ({
    row,
    distance: Math.sqrt(query.reduce((sum, value, j) => sum + (value - base[row * dim + j]!) ** 2, 0)),
  })).sort((a, b) => a.distance - b.distance || a.row - b.row);
}

describe('exactNeighbours', () => {
  it.each([
    [1, 1, 1],
    [15, 3, 15],
    [17, 16, 5],
    [63, 17, 63],
    [1000, 63, 50],
  ])('agrees with brute force: %i rows, dim %i, k %i', async (rows, dim, k) => {
    const base = randomNormal(rows * dim, rows);
    const queries = randomNormal(21 * dim, dim);
    const found = await exactNeighbours(base, queries, dim, k);
    for (let query = 0; query < 21; query++) {
      const expected = bruteForce(base, queries.subarray(query * dim, (query + 1) * dim), dim).slice(0, k);
      expect([...found.rows.subarray(query * k, (query + 1) * k)]).toEqual(expected.map(({ row }) => row));
      expected.forEach(({ distance }, i) => expect(found.distances[query * k + i]).toBeCloseTo(distance, 12));
    }
  });

  it('finds the same vector at distance 0 however far from the origin', async () => {
    const base = randomNormal(40 * 8, 1).map((value) => value + 1000);
    const found = await exactNeighbours(base, base.slice(), 8, 1);
    expect([...found.rows]).toEqual(Array.from({ length: 40 }, (_, row) => row));
    expect(found.distances.every((distance) => distance === 0)).toBe(true);
  });

  it('orders equal distances by row', async () => {
    const base = Float32Array.of(1, 0, -1, 0, 0, 1, 0, -1);
    expect([...(await exactNeighbours(base, Float32Array.of(0, 0), 2, 4)).rows]).toEqual([0, 1, 2, 3]);
  });

  it.each([0, 1, 3, 20, 40])('finds only the rows of a filter: %i of 40', async (count) => {
    const dim = 5;
    const base = randomNormal(40 * dim, 3);
    const queries = randomNormal(7 * dim, 4);
    const allowed = Array.from({ length: 40 }, (_, row) => row).filter((row) => (row * 7) % 40 < count);
    const filter = rowFilter(40, (row) => allowed.includes(row));
    const k = 6;
    const found = await exactNeighbours(base, queries, dim, k, { filter });
    expect(found).toMatchObject({ queries: 7, k });
    for (let query = 0; query < 7; query++) {
      const expected = bruteForce(base, queries.subarray(query * dim, (query + 1) * dim), dim).filter(({ row }) =>
        allowed.includes(row),
      );
      const rows = [...found.rows.subarray(query * k, (query + 1) * k)];
      expect(rows).toEqual(Array.from({ length: k }, (_, i) => expected[i]?.row ?? -1));
      for (let i = 0; i < k; i++)
        expect(found.distances[query * k + i]).toBeCloseTo(expected[i]?.distance ?? Infinity, 12);
    }
  });

  it('takes a filter that ends before the rows do', async () => {
    const base = randomNormal(40, 1);
    expect(
      [...(await exactNeighbours(base, base.slice(0, 1), 1, 9, { filter: Uint8Array.of(255) })).rows].sort(
        (a, b) => a - b,
      ),
    ).toEqual([-1, 0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('accepts no queries at all', async () => {
    expect(await exactNeighbours(Float32Array.of(1, 2), new Float32Array(), 2, 1)).toMatchObject({ queries: 0 });
  });

  it('refuses what does not fit', async () => {
    const base = randomNormal(12, 1);
    await expect(exactNeighbours(base, base, 4, 0)).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(exactNeighbours(base, base, 4, 4)).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(exactNeighbours(base, base, 5, 1)).rejects.toMatchObject({ code: 'ERR_SHAPE_MISMATCH' });
    await expect(exactNeighbours(base, Float32Array.of(1, NaN, 1, 1), 4, 1)).rejects.toThrow('in row 0');
    await expect(exactNeighbours(base, [] as never, 4, 1)).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    await expect(exactNeighbours(base, base, 4, 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});
