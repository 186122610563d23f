import { describe, expect, it } from 'vitest';

import { argMax } from '../../../src/core/arg-max.js';
import { joinRowLabels, labelRows } from '../../../src/core/row-labels.js';

describe('labelRows', () => {
  it('numbers labels in sorted order, independent of the order of the rows', () => {
    expect(labelRows(['b', 'a', 'Z', 'b'])).toEqual({ names: ['Z', 'a', 'b'], labels: Int32Array.of(2, 1, 0, 2) });
    expect(labelRows([])).toEqual({ names: [], labels: new Int32Array(0) });
  });

  it('refuses a typed array behind a proxy, whose iterator would throw', () => {
    const labels = new Proxy(new Uint8Array(2), {}) as unknown as string[];
    expect(() => labelRows(labels)).toThrow(/^Expected an array for "labels", got/);
  });
});

describe('joinRowLabels', () => {
  it('gives the same as labelRows of all rows together', () => {
    const pieces = [['b', 'a'], [], ['c', 'B', 'a'], ['a']];
    expect(joinRowLabels(pieces.map(labelRows))).toEqual(labelRows(pieces.flat()));
  });
});

describe('argMax', () => {
  it('returns the first of equal entries', () => {
    expect(argMax([1, 3, 0, 3])).toBe(1);
    expect(argMax([0])).toBe(0);
  });
});
