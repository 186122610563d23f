import { describe, expect, it } from 'vitest';

import { atRecall } from '../../../bench/lookups/equal-recall.js';
import { recallOf } from '../../../bench/lookups/recall.js';

describe('atRecall', () => {
  const points = [
    { recall: 0.9, value: 1 },
    { recall: 0.99, value: 4 },
    { recall: 0.985, value: 8 },
  ];

  it('interpolates logarithms of figure and error', () => {
    expect(atRecall(points, 1 - Math.sqrt(0.1 * 0.01))).toBeCloseTo(2, 6);
    expect(atRecall(points, 0.99)).toBeCloseTo(4, 6);
  });

  it('takes the first setting if it suffices, and nothing if none does', () => {
    expect(atRecall(points, 0.5)).toBe(1);
    expect(atRecall(points, 0.995)).toBeNull();
    expect(atRecall([points[0]!, { recall: 1, value: 4 }], 0.95)).toBeGreaterThan(1);
  });
});

describe('recallOf', () => {
  // Rows 2 and 3 are equal, so either is the second nearest of the only query.
  const base = Float32Array.from([1, 0, 0, 1, 0.6, 0.8, 0.6, 0.8]);
  const data = { dim: 2, rows: 4, base, queries: Float32Array.from([1, 0]), nearest: Float32Array.from([1, 0.6]) };
  const of = (...labels: number[]) => recallOf(Int32Array.from(labels), 2, data, { disorder: 0, name: 'It' });

  it('counts rows that are as near as the k-th nearest', () => {
    expect(of(0, 2)).toBe(1);
    expect(of(0, 3)).toBe(1);
    expect(of(0, 1)).toBe(0.5);
    expect(of(3, -1)).toBe(0.5);
  });

  it('refuses labels that no right search gives', () => {
    expect(() => of(0, 4)).toThrow('It found row 4 of 4');
    expect(() => of(2, 2)).toThrow('It found a row twice for query 0');
    expect(() => of(2, 0)).toThrow('It gave rows out of order for query 0');
    expect(() => of(0)).toThrow('It gave 1 labels for 1 x 2');
  });
});
