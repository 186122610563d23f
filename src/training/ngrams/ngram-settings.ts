import { expectInRange, expectInteger } from '../../core/validate.js';
import { expectTrainOptions, type RunOptions, type RunSettings, resolveRunSettings } from '../run-settings.js';

/** Options for training an n-gram encoder. Its seed is below 2^32. */
export interface NgramTrainOptions extends RunOptions {
  architecture: 'ngram';
  /** Number of updates. @default 4000 */
  steps?: number | undefined;
  /** Pairs of answers per update, all from one source. @default 256 */
  pairs?: number | undefined;
  /** Width of the vectors. @default 176, that of the encoder that comes with the package */
  dim?: number | undefined;
  /** N-grams that get an embedding: those in most training answers, and in at least two. @default 131,072 */
  maxNgrams?: number | undefined;
}

/** All settings, apart from the data, that affect the resulting weights. */
export interface NgramTrainSettings extends RunSettings {
  architecture: 'ngram';
  steps: number;
  pairs: number;
  dim: number;
  maxNgrams: number;
}

const OWN_OPTIONS = ['steps', 'pairs', 'dim', 'maxNgrams'] as const satisfies readonly (keyof NgramTrainOptions)[];

/** @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` naming the option */
export function resolveNgramSettings(options: NgramTrainOptions): NgramTrainSettings {
  expectTrainOptions(options, 'ngram', OWN_OPTIONS);
  const run = resolveRunSettings(options);
  return {
    architecture: 'ngram',
    steps: expectInteger(options.steps ?? 4000, 'steps', 1, 2 ** 31 - 1),
    pairs: expectInteger(options.pairs ?? 256, 'pairs', 2, 2 ** 15),
    dim: expectInteger(options.dim ?? 176, 'dim', 1, 4096),
    maxNgrams: expectInteger(options.maxNgrams ?? 2 ** 17, 'maxNgrams', 1, 2 ** 26),
    ...run,
    seed: expectInRange(run.seed, 'seed', 0, 2 ** 32 - 1),
  };
}
