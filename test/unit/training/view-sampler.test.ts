import { describe, expect, it } from 'vitest';

import { SeededRandom } from '../../../src/core/random.js';
import { drawPair, drawRows } from '../../../src/training/view-sampler.js';

const POOL = Int32Array.of(3, 5, 8, 13, 21, 34);
const GROUPS = Array.from({ length: 40 }, (_, row) => `group of ${row}`);

describe('drawRows', () => {
  it('draws every row equally often at every position, and none twice', () => {
    const random = new SeededRandom(1);
    const draws = 30_000;
    const counts = new Map<string, number>();
    for (let i = 0; i < draws; i++) {
      const rows = drawRows(POOL, 3, random);
      expect(new Set(rows).size).toBe(3);
      rows.forEach((row, place) => counts.set(`${row} at ${place}`, (counts.get(`${row} at ${place}`) ?? 0) + 1));
    }
    // Binomial with p = 1/6: five standard deviations are 323.
    for (const row of POOL)
      for (const place of [0, 1, 2]) expect(Math.abs(counts.get(`${row} at ${place}`)! - draws / 6)).toBeLessThan(323);
  });

  it('draws the entire pool if more is requested', () => {
    const rows = drawRows(POOL, 80, new SeededRandom(2));
    expect([...rows].sort((a, b) => a - b)).toEqual([...POOL]);
  });
});

describe('drawPair', () => {
  it('draws both sizes uniformly from 1 to lambda and independently of each other', () => {
    const random = new SeededRandom(3);
    const counts = new Map<string, number>();
    const draws = 18_000;
    for (let i = 0; i < draws; i++) {
      const { query, key } = drawPair(POOL, GROUPS, { lambda: 3, disjoint: false }, random);
      const sizes = `${query.length} ${key.length}`;
      counts.set(sizes, (counts.get(sizes) ?? 0) + 1);
    }
    expect(counts.size).toBe(9);
    // Binomial with p = 1/9: five standard deviations are 211.
    for (const count of counts.values()) expect(Math.abs(count - draws / 9)).toBeLessThan(211);
  });

  it('lets independent views overlap, and caps them at the pool', () => {
    const random = new SeededRandom(4);
    const pairs = Array.from({ length: 200 }, () => drawPair(POOL, GROUPS, { lambda: 80, disjoint: false }, random));
    expect(pairs.some(({ query, key }) => query.some((row) => key.includes(row)))).toBe(true);
    expect(Math.max(...pairs.map(({ query }) => query.length))).toBe(POOL.length);
  });

  it('keeps questions apart in disjoint views', () => {
    const random = new SeededRandom(5);
    const groups = Array.from({ length: 40 }, (_, row) => `question ${row % 2}`);
    for (let i = 0; i < 300; i++) {
      const { query, key } = drawPair(POOL, groups, { lambda: 2, disjoint: true }, random);
      const asked = new Set(query.map((row) => groups[row]));
      // Rows of both questions in the query leave no other question for the key, but never the same answer.
      if (asked.size === 1) expect(key.some((row) => asked.has(groups[row]))).toBe(false);
      expect(key.some((row) => query.includes(row))).toBe(false);
      expect(key.length).toBeGreaterThan(0);
    }
  });

  it('makes a pair from two answers to one question', () => {
    const { query, key } = drawPair(
      Int32Array.of(1, 2),
      ['', 'same', 'same'],
      { lambda: 5, disjoint: true },
      new SeededRandom(6),
    );
    expect([...query, ...key].sort()).toEqual([1, 2]);
  });
});
