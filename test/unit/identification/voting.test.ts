import { describe, expect, it } from 'vitest';

import { countVotes } from '../../../src/identification/voting.js';

describe('votes', () => {
  const labels = Int32Array.of(0, 1, 1, 2, 0);

  it('count only the first k rows, row 0 included', () => {
    const votes = new Int32Array(3).fill(9);
    countVotes(Int32Array.of(2, 1, 0, 3, 4), 3, labels, votes);
    expect([...votes]).toEqual([1, 2, 0]);
  });

  it('are not cast by rows that were not found', () => {
    const votes = new Int32Array(3);
    countVotes(Int32Array.of(3, -1, -1), 3, labels, votes);
    expect([...votes]).toEqual([0, 0, 1]);
  });
});
