import { describe, expect, it } from 'vitest';

import { logRatioOfRound, roundsFor } from '../../../src/benchmarking/block.js';

describe('logRatioOfRound', () => {
  const sample = (seconds: number): number[] => Array.from({ length: 12 }, (_, i) => seconds * (1 + i / 100));

  it('is the logarithm of how much longer the head takes', () => {
    const round = { base: [...sample(2), ...sample(2)], head: [...sample(2.2), ...sample(2.2)] };
    expect(logRatioOfRound(round)).toBeCloseTo(Math.log(1.1), 12);
  });

  it('does not mind that one sample met other load from begin to end', () => {
    const round = { base: [...sample(2), ...sample(2)], head: [...sample(2), ...sample(4)] };
    expect(Math.abs(logRatioOfRound(round))).toBeLessThan(0.015);
  });
});

describe('roundsFor', () => {
  it('gives blocks more rounds where there is time', () => {
    expect(roundsFor(300 / 19)).toBeLessThan(roundsFor(150 / 4));
  });
});
