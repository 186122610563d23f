import type { Call, CallResult } from '../call.js';
import type { StageOutput } from '../records.js';

/** A call that failed for good. */
export interface CallFailure {
  failure: string;
}

export type Outcome = CallResult | CallFailure;

/**
 * A stage that asks models: two pure functions, one for the calls that a record needs and one for what their results
 * make of it. That the calls are known beforehand lets them run in any order, be kept, and be counted without being
 * made.
 */
export interface CallStage<I, O> {
  name: StageName;
  /** Changes when the same results would give other records. */
  version: number;
  /** Models or translators that are called; each works through the records by itself. */
  lanes: readonly string[];
  /** Settings and prompts that the stage depends on besides its input. */
  settings: unknown;
  /** @param lane leave out the calls of other lanes; without it all are there, in a fixed order */
  calls(record: I, lane?: string): Call[];
  /** @param outcomes one for each call, in their order */
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
export type StageName = (typeof STAGE_NAMES)[number];

export function isFailure(outcome: Outcome | undefined): outcome is CallFailure {
  return outcome !== undefined && 'failure' in outcome;
}
