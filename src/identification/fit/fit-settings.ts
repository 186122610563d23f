import { EngineError } from '../../core/errors.js';
import { expectInRange, expectInteger, expectPath } from '../../core/validate.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import { loadNgramBase, type NgramBase } from '../../encoder/ngrams/ngram-base.js';

/** Settings of a fit that affect its result. */
export interface FitSettings {
  /**
   * Folder of an n-gram encoder from which the fit starts, or null to start from random numbers. @default the n-gram
   * encoder that comes with the package, unless `dim` differs from its width
   */
  base?: string | null | undefined;
  /** Width of the vectors. With a base, that of its vectors. @default that of the base, or 128 without one */
  dim?: number | undefined;
  /** Training steps. @default 10 per value id, but at least 300 and at most 1,000 */
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
export const FIT_SETTINGS = ['base', 'dim', 'steps', 'pairs', 'maxAnswers', 'maxNgrams', 'seed'] as const;

export type ResolvedFitSettings = { [Key in keyof Omit<FitSettings, 'base'>]-?: NonNullable<FitSettings[Key]> };

const DEFAULT_DIM = 128;
const LARGEST = 2 ** 31 - 1;

/**
 * Opens the base of a fit.
 *
 * @returns undefined if the fit starts from random numbers. Dispose the table of the base
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`; `ERR_DATA` if the folder does not hold an n-gram encoder;
 *   `ERR_SHAPE_MISMATCH` if a given base has another width than `dim`
 */
export async function openBase({ base, dim }: FitSettings): Promise<NgramBase | undefined> {
  if (base === null) return undefined;
  const opened = await loadNgramBase(expectPath(base ?? DEFAULT_ENCODER, 'base'));
  if (dim === undefined || dim === opened.dim) return opened;
  opened.table.dispose();
  if (base === undefined) return undefined;
  throw new EngineError('ERR_SHAPE_MISMATCH', `Expected ${opened.dim}, the width of the base, for "dim", got ${dim}`);
}

/**
 * Checks the settings and fills in the defaults.
 *
 * @param valueIds number of value ids
 * @param base what {@link openBase} returned
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`
 */
export function resolveFitSettings(
  settings: FitSettings,
  valueIds: number,
  base: Pick<NgramBase, 'dim'> | undefined,
): ResolvedFitSettings {
  return {
    dim: expectInteger(settings.dim ?? base?.dim ?? DEFAULT_DIM, 'dim', 1, 4096),
    steps: expectInteger(settings.steps ?? Math.min(Math.max(300, 10 * valueIds), 1000), 'steps', 1, LARGEST),
    pairs: expectInteger(settings.pairs ?? 128, 'pairs', 2, 2 ** 15),
    maxAnswers: expectInteger(settings.maxAnswers ?? Math.max(50_000, 50 * valueIds), 'maxAnswers', 2, LARGEST),
    maxNgrams: expectInteger(settings.maxNgrams ?? 2 ** 17, 'maxNgrams', 1, 2 ** 26),
    seed: expectInRange(expectInteger(settings.seed ?? 1, 'seed', 0), 'seed', 0, 2 ** 32 - 1),
  };
}
