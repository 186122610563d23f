import { describe, expect, it } from 'vitest';

import { ROUNDS } from '../../../src/benchmarking/block.js';
import {
  type Block,
  estimate,
  judge,
  LOOKS,
  median,
  nextLook,
  quantile,
  type Verdict,
} from '../../../src/benchmarking/statistics.js';
import { seededRandom } from '../../support/random.js';

const THRESHOLD = 0.07;

/** Simulates log-ratios of a noisy machine. */
interface Noise {
  /** Standard deviation of the shared noise of a pair of processes. */
  block: number;
  /** Standard deviation of a round. */
  round: number;
  /** Share of rounds in which other load affects only one build, and its size. */
  disturbed: number;
  disturbance: number;
}
const QUIET: Noise = { block: 0.008, round: 0.01, disturbed: 0, disturbance: 0 };
const BUSY: Noise = { block: 0.015, round: 0.03, disturbed: 0.15, disturbance: 0.4 };

function makeBlocks(change: number, noise: Noise, random: () => number) {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return (): Block => {
    const shared = Math.log1p(change) + noise.block * normal();
    return Array.from({ length: ROUNDS }, () => {
      const burst = random() < noise.disturbed ? noise.disturbance * (random() < 0.5 ? 1 : -1) : 0;
      return shared + noise.round * normal() + burst;
    });
  };
}

/** Judges block by block, like a check, and returns the last verdict. */
function decide(nextBlock: () => Block, seed: number): { verdict: Verdict; blocks: number } {
  const blocks: Block[] = [];
  let verdict: Verdict = 'undecided';
  for (const look of LOOKS) {
    while (blocks.length < look.blocks) blocks.push(nextBlock());
    verdict = judge(estimate(blocks, seed), THRESHOLD);
    if (verdict !== 'undecided') break;
  }
  return { verdict, blocks: blocks.length };
}

function count(checks: number, change: number, noise: Noise): Record<Verdict, number> & { blocks: number } {
  const random = seededRandom(1);
  const counts = { slower: 0, 'not slower': 0, undecided: 0, blocks: 0 };
  for (let i = 0; i < checks; i++) {
    const { verdict, blocks } = decide(makeBlocks(change, noise, random), i);
    counts[verdict] += 1;
    counts.blocks += blocks / checks;
  }
  return counts;
}

describe('the verdict on synthetic checks', () => {
  it('raises no false alarm in 2,000 checks of a build against itself on a quiet machine, and passes early', () => {
    const counts = count(2000, 0, QUIET);
    expect(counts.slower).toBe(0);
    expect(counts.undecided).toBe(0);
    expect(counts.blocks).toBeLessThan(5);
  });

  it('raises no false alarm in 1,000 checks on a busy machine', () => {
    const counts = count(1000, 0, BUSY);
    expect(counts.slower).toBe(0);
    expect(counts['not slower']).toBeGreaterThan(970);
  });

  it('is wrong in at most 1 % of checks, over all looks, if the true change equals the threshold', () => {
    // Fewer checks would leave the result to chance: the true error rates are 0.8 and 0.7 %.
    const wrong = [QUIET, BUSY].map((noise) => {
      const { slower, 'not slower': passed } = count(2500, THRESHOLD, noise);
      return slower + passed;
    });
    expect(wrong[0]! + wrong[1]!).toBeLessThanOrEqual(50);
  });

  it('detects 10 % in each of 1,000 checks on a quiet machine, and 20 % on a busy one', () => {
    expect(count(1000, 0.1, QUIET).slower).toBe(1000);
    expect(count(1000, 0.2, BUSY).slower).toBeGreaterThanOrEqual(990);
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

  it('is uncertain if blocks disagree, even if the rounds of each block agree', () => {
    const blocks = [0.2, 0.2, 0.2, 0].map((value) => Array.from({ length: ROUNDS }, () => value));
    expect(judge(estimate(blocks), THRESHOLD)).toBe('undecided');
  });

  it('rejects a number of blocks for which no look is planned', () => {
    expect(() => estimate([[0], [0], [0]])).toThrow(/3 blocks/);
  });
});

describe('the looks', () => {
  it('use the Student quantile of 1 - 0.01 / (2 looks)', () => {
    for (const { blocks, student } of LOOKS)
      expect(studentTail(student, blocks - 1)).toBeCloseTo(0.01 / (2 * LOOKS.length), 6);
  });

  it('follow each other', () => {
    expect([0, 4, 5, 18, 36, 52].map(nextLook)).toEqual([4, 6, 6, 26, 52, undefined]);
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
