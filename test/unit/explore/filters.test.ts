import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/core/random.js';
import { BINS, Filters } from '../../../src/explore/page/filters.js';
import { mapColumns } from '../../../src/maps/map-columns.js';

const ROWS = 500;
const random = new SeededRandom(3);
const columns = mapColumns(['a$eng', 'a$fra', 'b$eng', 'c$zho']);
const rowValueIds = Int32Array.from({ length: ROWS }, () => random.integer(4));
const lengths = Float64Array.from({ length: ROWS }, () => random.integer(1000));
const data = { columns, rowValueIds, numberOf: [(row: number) => lengths[row]!] };
const searched = Uint8Array.from({ length: ROWS }, () => random.integer(2));

/** All filters as functions, so that each can be left out. */
function expectedCounts(filters: Filters, column: number, category: number): number {
  const passes = (row: number, position: number): boolean =>
    filters.categories[position]?.has(columns[position]!.codes[rowValueIds[row]!]!) ?? true;
  const range = filters.ranges[0];
  return [...rowValueIds.keys()].filter(
    (row) =>
      columns[column]!.codes[rowValueIds[row]!] === category &&
      [0, 1, 2].every((position) => position === column || passes(row, position)) &&
      (!range || (lengths[row]! >= range[0] && lengths[row]! <= range[1])) &&
      searched[row] === 1,
  ).length;
}

describe('the filters', () => {
  it('count for each column what the other filters leave', () => {
    const filters = new Filters(data);
    filters.categories[1] = new Set([0, 1]);
    filters.categories[2] = new Set([0]);
    filters.ranges[0] = [100, 600];
    filters.setRows('search', searched);
    filters.apply();
    columns.forEach(({ values }, column) => {
      const expected = values.map((_, category) => expectedCounts(filters, column, category));
      expect([...filters.counts[column]!], columns[column]!.name).toEqual(expected);
    });
    const shown = [...rowValueIds.keys()].filter((row) => filters.shown[row]);
    expect(filters.count).toBe(shown.length);
    expect(shown.every((row) => lengths[row]! >= 100 && lengths[row]! <= 600 && searched[row])).toBe(true);
    // The histogram also has the rows that only its own range excludes.
    expect(filters.bins[0]!.counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(filters.count);
    expect(filters.bins[0]!.counts).toHaveLength(BINS);
  });

  it('show everything again once they are cleared', () => {
    const filters = new Filters(data);
    filters.categories[0] = new Set([2]);
    filters.setRows('selection', new Uint8Array(ROWS));
    filters.apply();
    expect(filters.count).toBe(0);
    filters.clear();
    filters.apply();
    expect(filters.count).toBe(ROWS);
    expect(filters.isActive).toBe(false);
  });
});
