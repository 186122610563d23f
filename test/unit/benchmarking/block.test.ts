import { describe, expect, it } from 'vitest';

import { logRatioOfRound, roundsFor } from '../../../src/benchmarking/block.js';

describe('logRatioOfRound', () => {
  const sample = (seconds: number): number[] => Array.from({ length: 12 }, (_, i) => seconds * (1 + i / 100));

  it('returns the logarithm of the slow-down of the head', () => {
    const round = { base: [...sample(2), ...sample(2)], head: [...sample(2.2), ...sample(2.2)] };
    expect(logRatioOfRound(round)).toBeCloseTo(Math.log(1.1), 12);
  });

  it('is not affected by load during one entire sample', () => {
    const round = { base: [...sample(2), ...sample(2)], head: [...sample(2), ...sample(4)] };
    expect(Math.abs(logRatioOfRound(round))).toBeLessThan(0.015);
  });
});

describe('roundsFor', () => {
  it('gives blocks more rounds if there is more time', () => {
    expect(roundsFor(300 / 19)).toBeLessThan(roundsFor(150 / 4));
  });
});
