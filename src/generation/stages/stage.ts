import type { Call, CallResult } from '../call.js';
import type { StageOutput } from '../records.js';

/** A call that failed permanently. */
export interface CallFailure {
  failure: string;
}

export type Outcome = CallResult | CallFailure;

/**
 * A stage that calls models. It has two functions: one returns the calls that a record needs, the other builds output
 * records from their results. Because the calls are known in advance, they can run in any order, be stored, and be
 * counted without being made.
 */
export interface CallStage<I, O> {
  name: StageName;
  /** Must change when the same results would give other records. */
  version: number;
  /** Models or translators that the stage calls. Each works through the records independently. */
  lanes: readonly string[];
  /** Settings and prompts that the stage depends on besides its input. */
  settings: unknown;
  /** @param lane only calls of this lane; without it, all calls in a fixed order */
  calls(record: I, lane?: string): Call[];
  /** @param outcomes one per call, in the order of `calls` */
  records(record: I, outcomes: readonly Outcome[]): StageOutput<O> | Promise<StageOutput<O>>;
}

export const STAGE_NAMES = [
  'scenarios',
  'questions',
  'filter',
  'paraphrases',
  'translation',
  'answers',
  'back-translation',
] as const;
/**
 * Stages of a corpus, in the order in which they run.
 *
 * @useDeclaredType
 */
export type StageName = (typeof STAGE_NAMES)[number];

export function isFailure(outcome: Outcome | undefined): outcome is CallFailure {
  return outcome !== undefined && 'failure' in outcome;
}
