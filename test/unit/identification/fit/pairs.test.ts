import { describe, expect, it } from 'vitest';

import { PairSampler, sampleRows } from '../../../../src/identification/fit/pairs.js';

/** `counts[i]` rows of label i, one after the other. */
const labelsOf = (...counts: number[]): Int32Array =>
  Int32Array.from(counts.flatMap((count, label) => Array<number>(count).fill(label)));

describe('sampleRows', () => {
  it('takes all rows if they are few enough', () => {
    expect([...sampleRows(labelsOf(2, 1), 2, 3, 1)]).toEqual([0, 1, 2]);
  });

  it('takes the same number of every label, and all of the small ones', () => {
    const labels = labelsOf(100, 3, 50);
    const rows = sampleRows(labels, 3, 43, 7);
    const counts = [0, 0, 0];
    for (const row of rows) counts[labels[row]!]! += 1;
    expect(counts).toEqual([20, 3, 20]);
    expect([...rows]).toEqual([...new Set(rows)].sort((a, b) => a - b));
  });

  it('keeps one row of every label if there are more labels than wanted rows', () => {
    expect(sampleRows(labelsOf(4, 4, 4), 3, 2, 1)).toHaveLength(3);
  });
});

describe('PairSampler', () => {
  const labels = labelsOf(2, 1, 5);
  const sampler = new PairSampler(labels, 3, 1);

  it('draws two different rows of one label, and no label with a single row', () => {
    expect(sampler.size).toBe(2);
    const { queries, keys, labels: drawn } = sampler.draw(0, 50, 4);
    drawn.forEach((label, i) => {
      expect(label).not.toBe(1);
      expect(queries[i]).not.toBe(keys[i]);
      expect([labels[queries[i]!], labels[keys[i]!]]).toEqual([label, label]);
    });
    expect(new Set(queries)).toEqual(new Set([0, 1, 3, 4, 5, 6, 7]));
    expect(new Set(keys)).toEqual(new Set(queries));
  });

  it('draws the same pairs for a step, whatever was drawn before', () => {
    const both = sampler.draw(3, 2, 4);
    const second = sampler.draw(4, 1, 4);
    expect(both.queries.slice(4)).toEqual(second.queries);
    expect(both.keys.slice(4)).toEqual(second.keys);
    expect(new PairSampler(labels, 3, 2).draw(3, 2, 4).queries).not.toEqual(both.queries);
  });
});
