import { expectInRange, expectInteger, expectOneOf, expectPath, fail } from '../core/validate.js';
import { INFONCE_MODES } from '../native/infonce-modes.js';
import { POOLING_MODES, type Pooling } from '../native/pooling.js';
import { TRAINING_PRECISIONS, type TrainingPrecision } from '../native/precisions.js';
import { BATCH_SAMPLERS } from './batch-samplers.js';
import { defaultMaxTokens, PRESET_NAMES, PRESETS, type PresetName, type Recipe } from './presets.js';
import { expectTrainOptions, type RunOptions, type RunSettings, resolveRunSettings } from './run-settings.js';

/** Options for training a transformer. */
export interface TrainOptions extends RunOptions, Partial<Recipe> {
  architecture?: 'transformer' | undefined;
  /** Folder of a BERT or NomicBERT encoder with model.safetensors and its tokenizer. */
  encoder: string;
  /** Recipe with the defaults of the options. @default 'univar' */
  preset?: PresetName | undefined;
  /** Maximum number of answers per view. @default 5 */
  lambda?: number | undefined;
  /**
   * Token limit of a view, including special tokens; longer views are cut. @default 256 to 8192 depending on lambda, at
   * most the positions of the encoder
   */
  maxTokens?: number | undefined;
  /** Number of updates. @default the updates of `epochs` passes */
  steps?: number | undefined;
  /** Precision of products. @default 'f32' */
  precision?: TrainingPrecision | undefined;
  /** Pooling of token vectors. @default the pooling of the encoder folder, or 'mean' if it does not specify one */
  pooling?: Pooling | undefined;
  /** Number of lowest layers to freeze. If it is above 0, the embeddings are frozen as well. @default 0 */
  freezeLayers?: number | undefined;
  /** Bytes for the outputs of the frozen layers, which are kept between epochs if lambda is 1. @default 2 GiB */
  frozenBudget?: number | undefined;
  /** Bytes for activations that are kept for the backward pass. @default 1 GiB */
  memoryBudget?: number | undefined;
}

/** All settings, apart from data and encoder, that affect the resulting weights. */
export interface TrainSettings extends Recipe, RunSettings {
  preset: PresetName;
  lambda: number;
  maxTokens: number | undefined;
  steps: number | undefined;
  precision: TrainingPrecision;
  pooling: Pooling | undefined;
  freezeLayers: number;
  frozenBudget: number;
  memoryBudget: number;
}

/** Options beside those that every architecture has. */
const OWN_OPTIONS = [
  'encoder',
  'preset',
  'lambda',
  'maxTokens',
  'steps',
  'precision',
  'pooling',
  'freezeLayers',
  'frozenBudget',
  'memoryBudget',
  'mode',
  'logitScale',
  'learningRate',
  'warmupSteps',
  'decay',
  'weightDecay',
  'maxGradNorm',
  'epochs',
  'batchSize',
  'sampler',
  'disjointViews',
] as const satisfies readonly (keyof TrainOptions)[];

/** @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` naming the option */
export function resolveTrainSettings(options: TrainOptions): TrainSettings {
  expectTrainOptions(options, 'transformer', OWN_OPTIONS);
  expectPath(options.encoder, 'encoder');
  const run = resolveRunSettings(options);
  const preset = expectOneOf(options.preset ?? 'univar', 'preset', PRESET_NAMES);
  const lambda = expectInteger(options.lambda ?? 5, 'lambda', 1);
  return {
    preset,
    ...resolveRecipe(options, PRESETS[preset]),
    lambda,
    maxTokens: options.maxTokens === undefined ? undefined : expectInteger(options.maxTokens, 'maxTokens', 3),
    steps: options.steps === undefined ? undefined : expectInteger(options.steps, 'steps', 1),
    precision: expectOneOf(options.precision ?? 'f32', 'precision', TRAINING_PRECISIONS),
    pooling: options.pooling === undefined ? undefined : expectOneOf(options.pooling, 'pooling', POOLING_MODES),
    freezeLayers: expectInteger(options.freezeLayers ?? 0, 'freezeLayers', 0),
    frozenBudget: expectInteger(options.frozenBudget ?? 2 ** 31, 'frozenBudget', 0),
    memoryBudget: expectInteger(options.memoryBudget ?? 2 ** 30, 'memoryBudget', 0),
    ...run,
  };
}

function resolveRecipe(options: TrainOptions, preset: Recipe): Recipe {
  const disjointViews = options.disjointViews ?? preset.disjointViews;
  if (typeof disjointViews !== 'boolean') fail('ERR_ARG_TYPE', 'true or false', 'disjointViews', disjointViews);
  return {
    mode: expectOneOf(options.mode ?? preset.mode, 'mode', INFONCE_MODES),
    logitScale: expectInRange(options.logitScale ?? preset.logitScale, 'logitScale', Number.MIN_VALUE, 1e6),
    learningRate: expectInRange(options.learningRate ?? preset.learningRate, 'learningRate', 0, 1),
    warmupSteps: expectInteger(options.warmupSteps ?? preset.warmupSteps, 'warmupSteps', 0),
    decay: expectOneOf(options.decay ?? preset.decay, 'decay', ['constant', 'linear', 'cosine', 'inverse-sqrt']),
    weightDecay: expectInRange(options.weightDecay ?? preset.weightDecay, 'weightDecay', 0, 1),
    maxGradNorm: expectInRange(options.maxGradNorm ?? preset.maxGradNorm, 'maxGradNorm', 0, Number.MAX_VALUE),
    epochs: expectInteger(options.epochs ?? preset.epochs, 'epochs', 1),
    batchSize: expectInteger(options.batchSize ?? preset.batchSize, 'batchSize', 2),
    sampler: expectOneOf(options.sampler ?? preset.sampler, 'sampler', BATCH_SAMPLERS),
    disjointViews,
  };
}

/**
 * Resolves the token limit of views.
 *
 * @param positions positions of the encoder
 * @throws EngineError `ERR_ARG_RANGE` if the requested limit exceeds the positions of the encoder
 */
export function resolveMaxTokens(
  { maxTokens, lambda }: Pick<TrainSettings, 'maxTokens' | 'lambda'>,
  positions: number,
): number {
  if (maxTokens === undefined) return Math.min(defaultMaxTokens(lambda), positions);
  if (maxTokens > positions)
    fail('ERR_ARG_RANGE', `at most ${positions}, the positions of the encoder,`, 'maxTokens', maxTokens);
  return maxTokens;
}
