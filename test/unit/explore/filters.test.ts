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

  it('count by the number of the colours, and forget its range with it', () => {
    const filters = new Filters(data);
    const probability = Float64Array.from({ length: ROWS }, (_, row) =>
      row % 5 === 0 ? Number.NaN : (row % 100) / 99,
    );
    filters.setColour({ valueOf: (row) => probability[row]!, least: 0, most: 1 });
    filters.ranges[filters.colour] = [0.5, 1];
    filters.categories[1] = new Set([0]);
    filters.apply();
    const isModel = (row: number): boolean => columns[1]!.codes[rowValueIds[row]!] === 0;
    const inRange = [...rowValueIds.keys()].filter((row) => probability[row]! >= 0.5);
    expect(filters.count).toBe(inRange.filter(isModel).length);
    expect(filters.counts[1]![1]).toBe(inRange.filter((row) => columns[1]!.codes[rowValueIds[row]!] === 1).length);
    const own = [...rowValueIds.keys()].filter((row) => isModel(row) && !Number.isNaN(probability[row]!));
    expect(filters.bins[filters.colour]!.counts.reduce((sum, count) => sum + count, 0)).toBe(own.length);
    filters.setColour(undefined);
    filters.apply();
    expect(filters.bins).toHaveLength(1);
    expect(filters.count).toBe([...rowValueIds.keys()].filter(isModel).length);
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
