import { describe, expect, it } from 'vitest';

import type { InstructionChange } from '../../../../packages/bench-gate/src/counting/change.js';
import type { Estimate } from '../../../../packages/bench-gate/src/timing/statistics.js';
import {
  joinClocks,
  joinVerdicts,
  type TimeStatus,
  type TimeVerdict,
} from '../../../../packages/bench-gate/src/verdict/verdict.js';

const counted = (growth: number): InstructionChange => ({
  kind: 'counted',
  base: 1e6,
  head: 1e6 * (1 + growth),
  growth,
  variant: null,
  functions: [],
});
const uncounted: InstructionChange = { kind: 'not counted', reason: 'no compiler' };

const limits = (accepted = 0) => ({ accepted, threshold: 0.07 });
const time = (status: TimeStatus, estimate?: Estimate): TimeVerdict => ({
  status,
  estimate,
  processor: undefined,
  reason: '',
});
const SAME: Estimate = { center: 0, low: -0.01, high: 0.01 };
const FASTER: Estimate = { center: -0.05, low: -0.08, high: -0.02 };
const UNSURE: Estimate = { center: 0.05, low: -0.03, high: 0.13 };

describe('joinClocks', () => {
  const join = (clock: Estimate, processor?: Estimate, accepted = 0) => joinClocks(clock, processor, limits(accepted));
  const SLOWER: Estimate = { center: 0.2, low: 0.1, high: 0.3 };

  it('believes the clock if that is certain', () => {
    expect(join(SAME, SLOWER)).toMatchObject({ status: 'not slower', reason: '' });
    expect(join(SLOWER, SAME)).toMatchObject({ status: 'slower', reason: '' });
  });

  it('lets processor time decide otherwise, and says so', () => {
    expect(join(UNSURE).status).toBe('undecided');
    expect(join(UNSURE, UNSURE).status).toBe('undecided');
    expect(join(UNSURE, SAME)).toMatchObject({
      status: 'not slower',
      reason: 'decided by processor time, -1.0 % to +1.0 %',
    });
    expect(join(UNSURE, SLOWER).status).toBe('slower');
  });

  it('is undecided if they contradict each other', () => {
    const waiting: Estimate = { center: 0.12, low: -0.02, high: 0.26 }; // for a lock
    expect(join(waiting, SAME).status).toBe('undecided');
    const parallel: Estimate = { center: -0.1, low: -0.3, high: 0.1 }; // on more threads
    expect(join(parallel, SLOWER).status).toBe('undecided');
  });

  it('names what was accepted', () => {
    expect(join({ center: 0.1, low: -0.1, high: 0.3 }, { center: 0.1, low: 0.08, high: 0.12 }, 0.15)).toMatchObject({
      status: 'accepted',
      reason: 'up to 15 % is accepted',
    });
  });
});

describe('joinVerdicts', () => {
  it.each([
    [0.08, time('undecided'), 'more instructions'],
    [0.08, time('not slower', SAME), 'more instructions'],
    [0.02, time('not slower', SAME), 'more instructions'],
    [0.0199, time('not slower', SAME), 'not slower'],
    [-0.5, time('not slower', SAME), 'not slower'],
    [0.08, time('slower', { center: 0.2, low: 0.1, high: 0.3 }), 'slower'],
    [-0.5, time('slower', { center: 0.2, low: 0.1, high: 0.3 }), 'slower'],
  ] as const)('of %d more instructions and %o is %s', (growth, clock, status) => {
    expect(joinVerdicts(clock, counted(growth), limits()).status).toBe(status);
  });

  it('excuses more instructions if the head is faster with 99 % confidence, and says so', () => {
    expect(joinVerdicts(time('not slower', FASTER), counted(0.08), limits())).toEqual({
      status: 'not slower',
      reason: 'faster with 99 % confidence, in spite of more instructions',
    });
  });

  it('excuses accepted instructions, but not a slower time', () => {
    expect(joinVerdicts(time('not slower', SAME), counted(0.08), limits(0.1))).toEqual({
      status: 'accepted',
      reason: 'up to 10 % more instructions are accepted',
    });
    expect(joinVerdicts(time('not slower', SAME), counted(0.08), limits(0.05)).status).toBe('more instructions');
  });

  it('lets counting decide where time is uncertain, unless time suggests a slow-down', () => {
    const join = (estimate: Estimate, instructions = counted(0.001)) =>
      joinVerdicts(time('undecided', estimate), instructions, limits());
    expect(join(UNSURE)).toEqual({
      status: 'not slower',
      reason: 'decided by counting: instructions changed by +0.1 %',
    });
    expect(join(UNSURE, uncounted).status).toBe('undecided');
    expect(join({ center: 0.08, low: -0.03, high: 0.19 }).status).toBe('undecided');
    expect(join({ center: 0.05, low: 0.01, high: 0.09 }).status).toBe('undecided');
    const cacheMisses = { ...time('undecided', UNSURE), processor: { center: 0.08, low: 0.02, high: 0.14 } };
    expect(joinVerdicts(cacheMisses, counted(0.001), limits()).status).toBe('undecided');
  });

  it('says why it is undecided', () => {
    expect(joinVerdicts(time('undecided'), counted(0.001), limits()).reason).toBe(
      'too few pairs of processes fitted into the budget, and instructions changed by +0.1 %',
    );
    expect(joinVerdicts(time('undecided', UNSURE), uncounted, limits()).reason).toBe(
      'the time is too uncertain, and instructions were not counted (no compiler)',
    );
  });
});
