/**
 * Joins what the clock and the instructions say about a benchmark. Instructions decide whether there is more to do,
 * whatever the noise. Time decides about everything else: memory, caches, threads, locks, the kernel.
 */
import { INSTRUCTION_LIMIT, type InstructionChange } from '../counting/change.js';
import { signedPercent } from '../format.js';
import { type Estimate, judge } from '../timing/statistics.js';

/** What the clock says; see `CheckStatus`. */
export type TimeStatus = 'slower' | 'not slower' | 'accepted' | 'undecided';

export interface TimeVerdict {
  status: TimeStatus;
  /** Logarithms of head / base, at the last look. */
  estimate: Estimate | undefined;
  /** The same of processor time. */
  processor: Estimate | undefined;
  reason: string;
}

/** Shares, 0.07 for 7 %. */
export interface Limits {
  /** Slow-down that passes a check. */
  threshold: number;
  /** Slow-down that was accepted, or 0. */
  accepted: number;
}

/**
 * Time by the clock decides if it can. Otherwise processor time decides, which other load affects less, unless the
 * clock contradicts it: waiting for a lock takes no processor time, and work on more threads takes more of it.
 */
export function joinClocks(
  clock: Estimate,
  processor: Estimate | undefined,
  { threshold, accepted }: Limits,
): TimeVerdict {
  const limit = Math.max(threshold, accepted);
  const verdict = (status: TimeStatus, by: Estimate, reason: string): TimeVerdict =>
    status === 'not slower' && by.center > Math.log1p(threshold)
      ? { status: 'accepted', estimate: clock, processor, reason: `up to ${Math.round(100 * accepted)} % is accepted` }
      : { status, estimate: clock, processor, reason };
  const byClock = judge(clock, limit);
  if (byClock !== 'undecided' || !processor) return verdict(byClock, clock, '');
  const byProcessor = judge(processor, limit);
  const agrees = byProcessor === 'slower' ? clock.center > 0 : suggestsNoSlowdown(clock, limit);
  if (byProcessor === 'undecided' || !agrees) return verdict('undecided', clock, '');
  const interval = `${signedPercent(Math.expm1(processor.low))} to ${signedPercent(Math.expm1(processor.high))}`;
  return verdict(byProcessor, processor, `decided by processor time, ${interval}`);
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
 *   time, by the clock or of the processor, suggests a slow-down: then it is undecided, with the reason.
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
    const { estimate, processor = estimate } = time;
    const suggestsNone = suggestsNoSlowdown(estimate, threshold) && suggestsNoSlowdown(processor, threshold);
    if (instructions.kind === 'counted' && suggestsNone)
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
  return `instructions changed by ${signedPercent(instructions.growth)}`;
}
