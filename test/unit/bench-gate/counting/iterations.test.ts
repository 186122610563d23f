import { describe, expect, it } from 'vitest';

import { settledAt, spread } from '../../../../packages/bench-gate/src/counting/iterations.js';

const settled = (counts: number[]): number | undefined => settledAt({ counts, agreeing: 3 });

describe('settledAt', () => {
  it('waits until three counts agree to 0.1 %, and returns their median', () => {
    expect(settled([])).toBeUndefined();
    expect(settled([10_000, 10_001])).toBeUndefined();
    expect(settled([10_000, 10_001, 10_011])).toBeUndefined();
    expect(settled([10_003, 10_001, 10_010])).toBe(0);
  });

  it('forgets counts from before V8 optimised the code, and ignores garbage collections', () => {
    expect(settled([30_000, 20_000, 10_000, 10_001, 12_000])).toBeUndefined();
    expect(settled([30_000, 20_000, 10_000, 10_002, 12_000, 10_001])).toBe(5);
    expect(settled([9_000, 10_000, 10_000, 10_000])).toBeUndefined();
  });
});

describe('spread', () => {
  it('is the relative difference between the lowest of the last counts', () => {
    expect(spread({ counts: [5, 100, 110, 120, 400, 500], agreeing: 3 })).toBeCloseTo(0.2, 12);
  });
});
