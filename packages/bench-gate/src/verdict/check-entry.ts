/** The outcome of a check for one benchmark. */
import type { InstructionChange } from '../counting/change.js';
import type { CounterChange } from './counters.js';

/**
 * - `slower`: by more than the threshold, with 99 % confidence. Fails a check.
 * - `scales worse`: time on all threads / time on one thread grew by more than the threshold, with 99 % confidence.
 *   Fails a check.
 * - `more instructions`: 2 % or more, and time does not show that it became faster all the same. Fails a check.
 * - `more work`: a counter grew. Fails a check.
 * - `broken`: the benchmark fails with the head, which fails a check.
 * - `not slower`: not slower by more than the threshold, with 99 % confidence.
 * - `accepted`: slower or more work, within an accepted limit.
 * - `undecided`: the time budget ran out before there was enough evidence. Fails a strict check.
 * - `new`: the base cannot run it. `changed`: its time has another meaning in the base. Both are only reported.
 */
export type CheckStatus =
  | 'slower'
  | 'scales worse'
  | 'more instructions'
  | 'more work'
  | 'broken'
  | 'not slower'
  | 'accepted'
  | 'undecided'
  | 'new'
  | 'changed';

export const FAILURES: readonly CheckStatus[] = ['slower', 'scales worse', 'more instructions', 'more work', 'broken'];

/** Failures of a check with `--strict`. */
export const STRICT_FAILURES: readonly CheckStatus[] = [...FAILURES, 'undecided'];

/** Name of the instructions among the counters of accepted slow-downs. */
export const INSTRUCTIONS = 'instructions';

/** Name of the growth of time on all threads / time on one thread there. */
export const SCALING = 'scaling';

export interface CheckEntry {
  name: string;
  sizes: Record<string, number | string>;
  /** What `change` compares: the time, or time on all threads / time on one thread. */
  measures: 'time' | 'scaling';
  threshold: number;
  status: CheckStatus;
  /** Head divided by base, minus 1, with the 99 % interval; null before the first look. */
  change: { center: number; low: number; high: number } | null;
  /** The same for processor time, which other load affects less; null if it is not known. */
  processorChange: { center: number; low: number; high: number } | null;
  /** Number of pairs of processes that measured it. */
  blocks: number;
  counters: CounterChange[];
  /** Instructions of one iteration in both builds, or the reason why they were not counted. */
  instructions: InstructionChange;
  /** Reason for the status. */
  reason: string;
}
