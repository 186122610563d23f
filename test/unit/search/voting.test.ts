import { describe, expect, it } from 'vitest';

import { countVotes, firstLargest, indexLabels } from '../../../src/search/voting.js';

describe('indexLabels', () => {
  it('numbers labels in sorted order', () => {
    expect(indexLabels(['b', 'a', 'Z', 'b'])).toEqual({ names: ['Z', 'a', 'b'], indices: Int32Array.of(2, 1, 0, 2) });
  });
});

describe('votes', () => {
  const labels = Int32Array.of(0, 1, 1, 2, 0);

  it('count the first k rows only', () => {
    const votes = new Int32Array(3).fill(9);
    countVotes(Int32Array.of(3, 2, 1, 0, 4), 3, labels, votes);
    expect([...votes]).toEqual([0, 2, 1]);
  });

  it('are not cast by rows that were not found', () => {
    const votes = new Int32Array(3);
    countVotes(Int32Array.of(3, -1, -1), 3, labels, votes);
    expect([...votes]).toEqual([0, 0, 1]);
  });

  it('go to the smallest label on a tie', () => {
    expect(firstLargest([1, 3, 0, 3])).toBe(1);
    expect(firstLargest([0])).toBe(0);
  });
});
