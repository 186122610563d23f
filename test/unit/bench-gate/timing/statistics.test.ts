import { describe, expect, it } from 'vitest';

import { ROUNDS } from '../../../../packages/bench-gate/src/timing/block.js';
import {
  estimate,
  judge,
  LOOKS,
  median,
  nextLook,
  quantile,
} from '../../../../packages/bench-gate/src/timing/statistics.js';
import { seededRandom } from '../../../support/random.js';
import { BUSY, countVerdicts, makeBlocks, QUIET, THRESHOLD } from '../../../support/synthetic-checks.js';

describe('the verdict on synthetic checks', () => {
  // Few checks: test/slow/synthetic-checks.test.ts measures the rates.
  it('is right in each of 100 checks, on a quiet machine after few blocks', () => {
    expect(countVerdicts(100, 0, QUIET)).toMatchObject({ 'not slower': 100 });
    expect(countVerdicts(100, 0, QUIET).blocks).toBeLessThan(5);
    expect(countVerdicts(100, 0, BUSY).slower).toBe(0);
    expect(countVerdicts(100, 0.1, QUIET).slower).toBe(100);
    expect(countVerdicts(100, 0.2, BUSY).slower).toBeGreaterThanOrEqual(98);
  });

  it('is almost never given if the true change equals the threshold', () => {
    const { slower, 'not slower': passed } = countVerdicts(200, THRESHOLD, QUIET);
    expect(slower + passed).toBeLessThanOrEqual(6);
  });
});

describe('estimate', () => {
  it('is the mean over blocks of the median over rounds, inside its interval', () => {
    const blocks = [
      [0, 0.01, 9],
      [0.02, 0.03, 0.04],
      [-0.01, 0, 0.01],
      [0.01, 0.02, -5],
    ];
    const { center, low, high } = estimate(blocks);
    expect(center).toBeCloseTo((0.01 + 0.03 + 0 + 0.01) / 4, 12);
    expect(low).toBeLessThan(center);
    expect(high).toBeGreaterThan(center);
  });

  it('is the same for the same evidence', () => {
    const next = makeBlocks(0, BUSY, seededRandom(3));
    const blocks = Array.from({ length: 6 }, next);
    expect(estimate(blocks)).toEqual(estimate(blocks));
  });

  it('holds blocks that disagree against a change, however well their rounds agree', () => {
    const blocks = [0.2, 0.2, 0.2, 0].map((value) => Array.from({ length: ROUNDS }, () => value));
    expect(judge(estimate(blocks), THRESHOLD)).toBe('undecided');
  });

  it("reaches at least as far as Student's interval, and as far as the bootstrap, widened for few blocks", () => {
    const fourBlocks = estimate([[0], [1], [2], [3]]);
    const student = 12.4715 * Math.sqrt(5 / 3 / 4); // times the standard error of the mean
    expect(fourBlocks.low).toBeCloseTo(1.5 - student, 9);
    expect(fourBlocks.high).toBeCloseTo(1.5 + student, 9);
    // The mean of 52 draws is binomial, and its 0.995 quantile is 4 / 52.
    const skewed = estimate(Array.from({ length: 52 }, (_, i) => [i === 0 ? 52 : 0]));
    expect(skewed.low).toBeCloseTo(1 - 3.4567, 9);
    expect(skewed.high).toBeCloseTo(1 + (4 - 1) * Math.sqrt(52 / 51) * (3.4567 / 2.5758), 9);
  });

  it('refuses evidence for which no look is planned', () => {
    expect(() => estimate([[0], [0]])).toThrow(/2 blocks/);
  });
});

describe('the looks', () => {
  it('use the Student quantile of 1 - 0.01 / (2 looks)', () => {
    for (const { blocks, student } of LOOKS)
      expect(studentTail(student, blocks - 1)).toBeCloseTo(0.01 / (2 * LOOKS.length), 6);
  });

  it('come one after the other', () => {
    expect([0, 4, 5, 18, 36, 52].map(nextLook)).toEqual([3, 6, 6, 26, 52, undefined]);
  });
});

/** P(T > t) by integrating the density over [t, infinity), substituted onto (0, 1] (Simpson's rule). */
function studentTail(t: number, freedom: number): number {
  const density = (x: number): number => (1 + (x * x) / freedom) ** (-(freedom + 1) / 2);
  const integral = (from: number): number => {
    const steps = 20_000;
    const term = (u: number): number => (u === 0 ? 0 : density(from + (1 - u) / u) / (u * u));
    let sum = 0;
    for (let i = 0; i <= steps; i++) sum += (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2) * term(i / steps);
    return sum / (3 * steps);
  };
  return integral(t) / (2 * integral(0));
}

describe('quantile', () => {
  it('interpolates between order statistics', () => {
    expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
    expect(median([3, 1, 2])).toBe(2);
  });
});
