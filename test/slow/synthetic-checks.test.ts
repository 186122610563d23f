import { describe, expect, it } from 'vitest';

import { BUSY, countVerdicts, QUIET, THRESHOLD } from '../support/synthetic-checks.js';

describe('the verdict on synthetic checks', () => {
  it('raises no false alarm in 2,000 checks of a build against itself on a quiet machine, and passes early', () => {
    const counts = countVerdicts(2000, 0, QUIET);
    expect(counts.slower).toBe(0);
    expect(counts.undecided).toBe(0);
    expect(counts.blocks).toBeLessThan(5);
  });

  it('raises no false alarm in 1,000 checks on a busy machine', () => {
    const counts = countVerdicts(1000, 0, BUSY);
    expect(counts.slower).toBe(0);
    expect(counts['not slower']).toBeGreaterThan(970);
  });

  it('is wrong in at most 1 % of checks, over all looks, if the true change equals the threshold', () => {
    // Fewer checks would leave the result to chance: the true error rates are 0.8 and 0.7 %.
    const wrong = [QUIET, BUSY].map((noise) => {
      const { slower, 'not slower': passed } = countVerdicts(2500, THRESHOLD, noise);
      return slower + passed;
    });
    expect(wrong[0]! + wrong[1]!).toBeLessThanOrEqual(50);
  });

  it('detects 10 % in each of 1,000 checks on a quiet machine, and 20 % on a busy one', () => {
    expect(countVerdicts(1000, 0.1, QUIET).slower).toBe(1000);
    expect(countVerdicts(1000, 0.2, BUSY).slower).toBeGreaterThanOrEqual(990);
  });
});
