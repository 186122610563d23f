import { describe, expect, it } from 'vitest';

import { BUCKETS, countTerms } from '../../../src/evaluation/terms.js';

/** Returns the number of distinct terms and of all terms. */
function sizes(text: string): [number, number] {
  const { buckets, counts } = countTerms(text);
  return [buckets.length, counts.reduce((a, b) => a + b, 0)];
}

describe('countTerms', () => {
  it('counts words and pairs of adjacent words', () => {
    expect(sizes('the cat the cat')).toEqual([4, 7]); // the 2, cat 2, the cat 2, cat the 1
    expect([...countTerms('the cat the cat').counts].sort()).toEqual([1, 2, 2, 2]);
  });

  it('ignores case and white space, but not order', () => {
    expect(countTerms(' The\n\tCAT ')).toEqual(countTerms('the cat'));
    expect(countTerms('cat the')).not.toEqual(countTerms('the cat'));
  });

  it('counts punctuation, and letters of other scripts, one by one', () => {
    expect(sizes('a, b!')).toEqual([7, 7]);
    expect(sizes('自由民主')).toEqual([7, 7]);
    expect(sizes('Überfluß 2020')).toEqual([3, 3]);
    expect(sizes('свобода')[1]).toBe(13);
  });

  it('returns nothing for a text without words, and accepts any string', () => {
    expect(sizes('')).toEqual([0, 0]);
    expect(sizes(' \n ')).toEqual([0, 0]);
    expect(sizes('\ud800')).toEqual([1, 1]);
  });

  it('spreads words over the buckets', () => {
    const words = Array.from({ length: 5000 }, (_, i) => countTerms(`word${i}`).buckets[0]!);
    expect(new Set(words).size).toBeGreaterThan(4950);
    expect(Math.max(...words)).toBeGreaterThan(0.99 * BUCKETS);
    expect(Math.min(...words)).toBeGreaterThanOrEqual(0);
  });

  it('lists the buckets in ascending order', () => {
    const { buckets } = countTerms('one two three four five six seven eight');
    expect(buckets).toEqual(buckets.toSorted());
  });
});
