/**
 * Joins what the clock and the instructions say about a benchmark. Instructions decide whether there is more to do,
 * whatever the noise. Time decides about everything else: memory, caches, threads, locks, the kernel.
 */
import { INSTRUCTION_LIMIT, type InstructionChange } from '../counting/change.js';
import type { Estimate } from '../timing/statistics.js';

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
 * - Otherwise time decides. If it cannot, because the machine does other work, the counted instructions decide, unless
 *   time suggests a slow-down: then it is undecided, with the reason.
 *
 * @param accepted accepted growth of instructions as a share, or 0
 * @param threshold slow-down of time that passes, as a share
 */
export function joinVerdicts(
  time: TimeVerdict,
  instructions: InstructionChange,
  { accepted, threshold }: { accepted: number; threshold: number },
): JoinedVerdict {
  const { status, reason } = time;
  if (status === 'slower') return { status, reason };
  if (failsByInstructions(instructions, accepted)) {
    if (!isFaster(time.estimate)) return { status: 'more instructions', reason };
    return { status: 'not slower', reason: 'faster with 99 % confidence, in spite of more instructions' };
  }
  if (status === 'undecided') {
    if (instructions.kind === 'counted' && suggestsNoSlowdown(time.estimate, threshold))
      return { status: 'not slower', reason: `decided by counting: ${describeInstructions(instructions)}` };
    const clock = time.estimate ? 'the time is too uncertain' : 'too few pairs of processes fitted into the budget';
    const count = describeInstructions(instructions);
    return { status, reason: count === '' ? clock : `${clock}, and ${count}` };
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

/** The time may be equal, and is probably not slower than allowed. A lock or cache misses would shift its centre. */
function suggestsNoSlowdown(estimate: Estimate | undefined, threshold: number): boolean {
  return estimate !== undefined && estimate.low <= 0 && estimate.center < Math.log1p(threshold);
}

function describeInstructions(instructions: InstructionChange): string {
  if (instructions.kind === 'not counted')
    return instructions.reason === '' ? '' : `instructions were not counted (${instructions.reason})`;
  const { growth } = instructions;
  return `instructions changed by ${growth < 0 ? '-' : '+'}${Math.abs(100 * growth).toFixed(1)} %`;
}
