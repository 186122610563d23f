import { describe, expect, it } from 'vitest';

import type { SearchableIndex } from '../../../src/identification/searchable-index.js';
import { ValueIdentifier } from '../../../src/identification/value-identifier.js';
import { randomUnitRows } from '../../support/random.js';

const valueIds = ['b$eng', 'a$eng', 'b$eng', 'a$zho', 'a$eng'];
/** Points on a line, so that distances are easy to see. */
const embeddings = Float32Array.of(0, 1, 2, 3, 10);

describe('ValueIdentifier over embeddings', () => {
  const identifier = new ValueIdentifier({ embeddings, dim: 1, valueIds });

  it('ranks by votes and lists the evidence', async () => {
    const [found] = await identifier.identify(Float32Array.of(1.25), { k: 3 });
    expect(found!.ranking).toEqual([
      { valueId: 'b$eng', model: 'b', lang: 'eng', votes: 2, share: 2 / 3, meanDistance: 1 },
      { valueId: 'a$eng', model: 'a', lang: 'eng', votes: 1, share: 1 / 3, meanDistance: 0.25 },
    ]);
    expect(found!.neighbours).toEqual([
      { row: 1, distance: 0.25, valueId: 'a$eng' },
      { row: 2, distance: 0.75, valueId: 'b$eng' },
      { row: 0, distance: 1.25, valueId: 'b$eng' },
    ]);
  });

  it('settles a tie by distance', async () => {
    const [found] = await identifier.identify(Float32Array.of(0.1), { k: 2 });
    expect(found!.neighbours[0]!.valueId).toBe('b$eng');
    expect(found!.ranking.map(({ valueId }) => valueId)).toEqual(['b$eng', 'a$eng']);
  });

  it('lets a third of the rows vote if there are fewer than 150', async () => {
    const [found] = await identifier.identify(Float32Array.of(0));
    expect(found!.neighbours).toHaveLength(2);
    const [filtered] = await identifier.identify(Float32Array.of(0), { filter: { model: 'a' } });
    expect(filtered!.neighbours).toHaveLength(1);
    expect(found!.ranking.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  });

  it('lets only the rows of a filter vote, even if they are few', async () => {
    const filter = { model: 'a', lang: ['eng', 'zho'] };
    expect(identifier.count(filter)).toBe(3);
    const [found] = await identifier.identify(Float32Array.of(0), { k: 5, filter });
    expect(found!.neighbours.map(({ row }) => row)).toEqual([1, 3, 4]);
    expect(found!.ranking.map(({ valueId, votes, share }) => [valueId, votes, share])).toEqual([
      ['a$eng', 2, 2 / 3],
      ['a$zho', 1, 1 / 3],
    ]);
    expect(await identifier.identify(Float32Array.of(0), { filter: { valueId: 'b$eng', lang: 'zho' } })).toEqual([
      { ranking: [], neighbours: [] },
    ]);
    await expect(identifier.identify(Float32Array.of(0), { filter: { model: 'B' } })).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringContaining('"b"') as string,
    });
  });

  it('identifies every query independently', async () => {
    const found = await identifier.identify(Float32Array.of(0, 10, 3), { k: 1 });
    expect(found.map(({ ranking }) => ranking[0]!.valueId)).toEqual(['b$eng', 'a$eng', 'a$zho']);
  });

  it('rejects arguments that do not match', async () => {
    const over = (options: object) => (): unknown => new ValueIdentifier({ embeddings, dim: 1, valueIds, ...options });
    expect(over({ valueIds: [] })).toThrow('at least one row');
    expect(over({ dim: undefined })).toThrow('"dim"');
    expect(over({ dim: 2 })).toThrow('a multiple of 2');
    expect(over({ valueIds: valueIds.slice(1) })).toThrow('Expected 5 value ids');
    expect(over({ embeddings: Float32Array.of(NaN), valueIds: ['a'] })).toThrow('finite');
    await expect(identifier.identify(Float32Array.of(0), { k: 0 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(identifier.identify(Float32Array.of(0), { k: 6 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(identifier.identify(Float32Array.of(Infinity))).rejects.toMatchObject({ code: 'ERR_NON_FINITE' });
    await expect(identifier.identify(Float32Array.of(3e38))).rejects.toMatchObject({ code: 'ERR_NON_FINITE' });
  });
});

describe('ValueIdentifier over an index', () => {
  it('passes options, filter and signal to the index', async () => {
    const seen: (Record<string, unknown> | undefined)[] = [];
    const search: SearchableIndex['search'] = (_queries, { k, ...options }) => {
      seen.push(options);
      return Promise.resolve({ labels: new Int32Array(k), distances: new Float32Array(k), k });
    };
    const index = { dim: 1, metric: 'l2', factory: 'HNSW8', size: 5, rows: 5, filterKind: 'rows', search } as const;
    const identifier = new ValueIdentifier({ index, valueIds });
    const { signal } = new AbortController();
    await identifier.identify(Float32Array.of(0), {
      k: 1,
      efSearch: 9,
      filter: { valueId: 'a$zho' },
      signal,
    });
    await identifier.identify(Float32Array.of(0), { k: 1 });
    const filter = { valueId: 'a$zho' };
    const byValues = new ValueIdentifier({ index: { ...index, filterKind: 'values' }, valueIds });
    await byValues.identify(Float32Array.of(0), { k: 1, filter });
    expect(seen).toEqual([
      { efSearch: 9, filter: Uint8Array.of(0b1000), signal },
      { efSearch: 128 },
      { efSearch: 128, filter },
    ]);
    expect(seen[0]!['signal']).toBe(signal);
  });

  const dim = 16;
  const rows = 63;
  const base = randomUnitRows(rows, dim, 1);
  const ids = Array.from({ length: rows }, (_, i) => `m${i % 5}$eng`);
  const queries = randomUnitRows(7, dim, 2);

  /** Returns results like FAISS: squared distances or inner products, and -1 if nothing is found. */
  function index(metric: 'l2' | 'ip', missing = 0): SearchableIndex {
    return {
      dim,
      metric,
      factory: 'Flat',
      size: rows,
      rows,
      filterKind: 'rows',
      search: (all, { k }) => {
        const labels: number[] = [];
        const distances: number[] = [];
        for (let query = 0; query < all.length / dim; query++) {
          const dots = ids.map((_, row) =>
            base.subarray(row * dim, (row + 1) * dim).reduce((sum, x, j) => sum + x * all[query * dim + j]!, 0),
          );
          const order = dots
            .map((_, row) => row)
            .sort((a, b) => dots[b]! - dots[a]!)
            .slice(0, k);
          order.forEach((row, i) => {
            const found = i < k - missing;
            labels.push(found ? row : -1);
            distances.push(found ? (metric === 'ip' ? dots[row]! : 2 - 2 * dots[row]!) : 3.4e38);
          });
        }
        return Promise.resolve({ labels: Int32Array.from(labels), distances: Float32Array.from(distances), k });
      },
    };
  }

  it.each(['l2', 'ip'] as const)('gives the results of exact search: %s', async (metric) => {
    const expected = await new ValueIdentifier({ embeddings: base, dim, valueIds: ids }).identify(queries, { k: 11 });
    const actual = await new ValueIdentifier({ index: index(metric), valueIds: ids }).identify(queries, { k: 11 });
    actual.forEach(({ ranking, neighbours }, query) => {
      expect(ranking.map(({ valueId, votes }) => [valueId, votes])).toEqual(
        expected[query]!.ranking.map(({ valueId, votes }) => [valueId, votes]),
      );
      expect(neighbours.map(({ row }) => row)).toEqual(expected[query]!.neighbours.map(({ row }) => row));
      neighbours.forEach(({ distance }, i) =>
        expect(distance).toBeCloseTo(expected[query]!.neighbours[i]!.distance, 5),
      );
    });
  });

  it('shares votes among the rows that were found', async () => {
    const [found] = await new ValueIdentifier({ index: index('l2', 4), valueIds: ids }).identify(queries, { k: 10 });
    expect(found!.neighbours).toHaveLength(6);
    expect(found!.ranking.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  });

  it('rejects queries that are not unit vectors if the index uses inner products', async () => {
    const identifier = new ValueIdentifier({ index: index('ip'), valueIds: ids });
    await expect(identifier.identify(queries.map((x) => 2 * x))).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
  });

  it('rejects value ids that do not match the rows', () => {
    expect(() => new ValueIdentifier({ index: index('l2'), valueIds: ids.slice(1) })).toThrow('63 value ids');
  });
});
