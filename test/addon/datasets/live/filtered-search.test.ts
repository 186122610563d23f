import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { LiveCollection } from '../../../../src/datasets/live/live-collection.js';
import { RowTable } from '../../../../src/datasets/live/row-table.js';
import { allowedRows } from '../../../../src/search/filters/row-filter.js';
import { RowFilters } from '../../../../src/search/filters/row-filters.js';
import type { ValueFilter } from '../../../../src/search/filters/value-filter.js';
import { openLive, type Row as StoredRow, vectorsOf, writeShards } from '../../../support/changed-dataset.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const MODELS = ['a', 'b', 'c'];
const LANGS = ['eng', 'zho'];

interface Row {
  x: number;
  y: number;
  model: string;
  lang: string;
}

/** Model of a collection: all rows ever added, some of them removed. */
type PlainRows = (Row & { removed: boolean })[];

const row = fc.record({
  x: fc.integer({ min: -9, max: 9 }),
  y: fc.integer({ min: -9, max: 9 }),
  model: fc.constantFrom(...MODELS),
  lang: fc.constantFrom(...LANGS),
});
const some = (names: string[]) =>
  fc.oneof(fc.constant(undefined), fc.constantFrom(...names), fc.subarray(names, { minLength: 1 }));
const filter = fc.record({ model: some(MODELS), lang: some(LANGS) });
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ add: fc.array(row, { minLength: 1, maxLength: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.array(fc.nat(40), { minLength: 1, maxLength: 9 }) }) },
  { weight: 4, arbitrary: fc.record({ search: row, k: fc.integer({ min: 1, max: 12 }), filter }) },
  { weight: 1, arbitrary: fc.constant({ again: true }) },
);

const toStored = ({ x, y, model, lang }: Row): StoredRow => ({
  record: { qid: 'q', question: 'Why?', answer: 'Because.', model, lang },
  vector: [x, y],
});

function matchesFilter({ model, lang }: Row, filter: ValueFilter): boolean {
  return [
    [model, filter.model],
    [lang, filter.lang],
  ].every(([name, wanted]) => wanted === undefined || [wanted].flat().includes(name as string));
}

/** Compares a search with all rows of the model by distance. Rows at the distance of the last one are equally good. */
async function expectNearest(
  live: LiveCollection,
  rows: PlainRows,
  { x, y }: Row,
  k: number,
  filter: ValueFilter,
): Promise<void> {
  const distance = (other: Row): number => Math.hypot(other.x - x, other.y - y);
  const allowed = rows.filter((other) => !other.removed && matchesFilter(other, filter));
  const found = await live.current.search(Float32Array.of(x, y), { k, filter });
  expect([found.k, live.current.count(filter)]).toEqual([Math.min(k, allowed.length), allowed.length]);
  const expected = allowed
    .map(distance)
    .sort((a, b) => a - b)
    .slice(0, k);
  expect(found.distances).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(found.distances[i]).toBeCloseTo(value ** 2, 5));
  const foundRows = [...found.labels].map((number) => rows[number]!);
  expect(new Set(found.labels).size).toBe(found.labels.length);
  expect(foundRows.every((other) => allowed.includes(other))).toBe(true);
  foundRows.forEach((other, i) => expect(distance(other)).toBeCloseTo(Math.sqrt(found.distances[i]!), 5));
}

describe.each(['Flat', 'HNSW16'])('a collection with filters, additions and removals (%s)', (factory) => {
  it('behaves like a plain list of rows', async () => {
    const everyName = MODELS.flatMap((model) => LANGS.map((lang) => ({ x: 0, y: 0, model, lang })));
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 12 }),
        fc.array(step, { minLength: 4, maxLength: 20 }),
        async (more, steps) => {
          const rows: PlainRows = [...everyName, ...more].map((one) => ({ ...one, removed: false }));
          const dir = temporaryFolder();
          await writeShards(dir, [rows.map(toStored)]);
          let live = await openLive(dir, { factory });
          try {
            for (const one of steps) {
              if ('add' in one) {
                const added = one.add.map(toStored);
                expect(
                  await live.add(
                    added.map(({ record }) => record),
                    vectorsOf(added),
                  ),
                ).toBe(rows.length);
                rows.push(...one.add.map((added) => ({ ...added, removed: false })));
              } else if ('remove' in one) {
                const there = new Set(one.remove.filter((number) => rows[number] && !rows[number].removed));
                expect(await live.remove(one.remove)).toBe(there.size);
                for (const number of there) rows[number]!.removed = true;
              } else if ('search' in one) {
                await expectNearest(live, rows, one.search, one.k, one.filter);
              } else {
                await live.close();
                live = await openLive(dir, { factory });
              }
              expect([live.current.size, live.current.rows]).toEqual([
                rows.filter(({ removed }) => !removed).length,
                rows.length,
              ]);
            }
          } finally {
            await live.close();
          }
        },
      ),
      { numRuns: 25, seed: 5 },
    );
  });
});

describe('RowFilters', () => {
  it('does not change filters that it has returned', () => {
    const table = new RowTable();
    for (const model of ['a', 'b', 'a', 'a']) table.append(`${model}$eng`);
    const filters = new RowFilters(table);
    const before = filters.select({ model: 'a' });
    table.remove(2);
    for (const model of ['a', 'new']) table.append(`${model}$eng`);
    const after = filters.select({ model: 'a' });
    expect([[...allowedRows(before.bits, 8)], before.count]).toEqual([[0, 2, 3], 3]);
    expect([[...allowedRows(after.bits, 8)], after.count]).toEqual([[0, 3, 4], 3]);
    expect(filters.select({ model: 'new' }).count).toBe(1);
  });

  it('returns the rows of many filters, also of evicted ones', () => {
    const table = new RowTable();
    for (let i = 0; i < 500; i++) table.append(`m${i % 100}$eng`);
    const filters = new RowFilters(table);
    const kept = filters.select({ model: 'm1' });
    expect(filters.select({ model: ['m1'] })).toBe(kept);
    for (let i = 0; i < 100; i++) expect(filters.select({ model: `m${i}` }).count).toBe(5);
    expect(filters.select({ model: 'm1' })).not.toBe(kept);
    expect(filters.select({ model: 'm1' })).toEqual(kept);
    expect(() => filters.select({ model: 'm100' })).toThrow('"m10"');
  });
});
