import { expectInRange, expectInteger } from '../../core/validate.js';

/** Settings of a fit that affect its result. */
export interface FitSettings {
  /**
   * Width of the vectors. With a base, the width of its vectors. @default 128
   */
  dim?: number | undefined;
  /** Training steps. @default 300, or 3 per value id if that is more */
  steps?: number | undefined;
  /** Pairs of answers in a step. @default 128 */
  pairs?: number | undefined;
  /**
   * Answers to train on, sampled so that the value ids have equal numbers of them, as far as possible. All answers get
   * vectors. @default 50,000, or 50 per value id if that is more
   */
  maxAnswers?: number | undefined;
  /** N-grams that get an embedding: those in most answers, and in at least two. @default 131,072 */
  maxNgrams?: number | undefined;
  /** Decides the pairs and the first values of the embeddings. @default 1 */
  seed?: number | undefined;
}

/** Names of {@link FitSettings}, to reject unknown ones. */
export const FIT_SETTINGS = ['dim', 'steps', 'pairs', 'maxAnswers', 'maxNgrams', 'seed'] as const;

export type ResolvedFitSettings = { [Key in keyof FitSettings]-?: NonNullable<FitSettings[Key]> };

const DEFAULT_DIM = 128;
const LARGEST = 2 ** 31 - 1;

/**
 * Checks the settings and fills in the defaults.
 *
 * @param valueIds number of value ids
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`
 */
export function resolveFitSettings(settings: FitSettings, valueIds: number): ResolvedFitSettings {
  return {
    dim: expectInteger(settings.dim ?? DEFAULT_DIM, 'dim', 1, 4096),
    steps: expectInteger(settings.steps ?? Math.max(300, 3 * valueIds), 'steps', 1, LARGEST),
    pairs: expectInteger(settings.pairs ?? 128, 'pairs', 2, 2 ** 15),
    maxAnswers: expectInteger(settings.maxAnswers ?? Math.max(50_000, 50 * valueIds), 'maxAnswers', 2, LARGEST),
    maxNgrams: expectInteger(settings.maxNgrams ?? 2 ** 17, 'maxNgrams', 1, 2 ** 26),
    seed: expectInRange(expectInteger(settings.seed ?? 1, 'seed', 0), 'seed', 0, 2 ** 32 - 1),
  };
}
