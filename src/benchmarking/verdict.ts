/**
 * Joins what the clock and the instructions say about a benchmark. Instructions decide whether there is more to do,
 * whatever the noise. Time decides about everything else: memory, caches, threads, locks, the kernel.
 */
import { INSTRUCTION_LIMIT, type InstructionChange } from './counting/count.js';
import type { Estimate } from './statistics.js';

/** What the clock says; see `CheckStatus`. */
export type TimeStatus = 'slower' | 'not slower' | 'accepted' | 'undecided';

export interface TimeVerdict {
  status: TimeStatus;
  /** Logarithms of head / base, at the last look. */
  estimate: Estimate | undefined;
  reason: string;
}

export type JoinedStatus = TimeStatus | 'more instructions';

export interface JoinedVerdict {
  status: JoinedStatus;
  reason: string;
}

/**
 * - A slower time fails.
 * - More instructions fail, unless they are accepted or time shows with 99 % confidence that the head is faster.
 * - Otherwise time decides, and if it cannot, the reason says what the instructions show.
 *
 * @param accepted accepted growth of instructions as a share, or 0
 */
export function joinVerdicts(time: TimeVerdict, instructions: InstructionChange, accepted: number): JoinedVerdict {
  const { status, reason } = time;
  if (status === 'slower') return { status, reason };
  if (failsByInstructions(instructions, accepted)) {
    if (!isFaster(time.estimate)) return { status: 'more instructions', reason };
    return { status: 'not slower', reason: 'faster with 99 % confidence, in spite of more instructions' };
  }
  if (status === 'undecided') {
    const clock = time.estimate ? 'the time is too uncertain' : 'too few pairs of processes fitted into the budget';
    return { status, reason: `${clock}, and ${describeInstructions(instructions)}` };
  }
  if (failsByInstructions(instructions, 0))
    return { status: 'accepted', reason: `up to ${Math.round(100 * accepted)} % more instructions are accepted` };
  return { status, reason };
}

/** @param accepted accepted growth as a share, or 0 */
export function failsByInstructions(instructions: InstructionChange, accepted: number): boolean {
  return instructions.kind === 'counted' && instructions.growth >= INSTRUCTION_LIMIT && instructions.growth > accepted;
}

/** With the confidence of the interval. */
export function isFaster(estimate: Estimate | undefined): boolean {
  return estimate !== undefined && estimate.high < 0;
}

function describeInstructions(instructions: InstructionChange): string {
  if (instructions.kind === 'not counted') return `instructions were not counted (${instructions.reason})`;
  const { growth } = instructions;
  return `instructions changed by ${growth < 0 ? '-' : '+'}${Math.abs(100 * growth).toFixed(1)} %`;
}
