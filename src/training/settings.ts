import {
  expectArray,
  expectCallbacks,
  expectInRange,
  expectInteger,
  expectObject,
  expectOneOf,
  expectOptions,
  expectPath,
  expectSignal,
  fail,
} from '../core/validate.js';
import { INFONCE_MODES } from '../native/infonce-modes.js';
import { POOLING_MODES, type Pooling } from '../native/pooling.js';
import { TRAINING_PRECISIONS, type TrainingPrecision } from '../native/precisions.js';
import type { ReadOptions } from '../records/read-options.js';
import { BATCH_SAMPLERS } from './batch-samplers.js';
import { defaultMaxTokens, PRESET_NAMES, PRESETS, type PresetName, type Recipe } from './presets.js';

export interface TrainOptions extends Partial<Recipe> {
  /** Files of records, or folders of them. Each file is a source. */
  data: readonly string[];
  /** Folder of a BERT or NomicBERT encoder with model.safetensors and its tokenizer. */
  encoder: string;
  /** Folder of the run. An interrupted run in it is resumed. */
  out: string;
  /** Recipe with the defaults of the options. @default 'univar' */
  preset?: PresetName | undefined;
  /** Options for reading the records. */
  read?: Omit<ReadOptions, 'signal' | 'batchSize'> | undefined;
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
  /** Seed of the validation split, the batches and the views. @default 42 */
  seed?: number | undefined;
  /** Excludes value ids with fewer answers. @default 1 */
  minPerId?: number | undefined;
  /**
   * Steps between two validations; the first one is before the first step. 0 disables validation, so that no answers
   * are held out.
   *
   * @default 100
   */
  validateEvery?: number | undefined;
  /** Share of the questions held out for validation, above 0 and below 1. @default 0.1 */
  validationShare?: number | undefined;
  /** Maximum number of held-out answers per validation, spread evenly over the sources. @default 1024 */
  validationRows?: number | undefined;
  /** Stops the training after this many validations without a new best; 0 means never. @default 0 */
  patience?: number | undefined;
  /** Steps between two checkpoints: the most that a killed run can lose. @default 100 */
  checkpointEvery?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Callbacks for progress. */
  events?: TrainEvents | undefined;
}

/** Callbacks during a run. */
export interface TrainEvents {
  /** Receives the number of records read so far. */
  onRead?: (rows: number) => void;
  /** Called when training starts, or resumes after `done` of `steps` updates. */
  onStart?: (start: {
    done: number;
    steps: number;
    rows: number;
    validationRows: number;
    valueIds: number;
    cappedIds: number;
  }) => void;
  onStep?: (step: { step: number; loss: number; gradNorm: number; learningRate: number; tokens: number }) => void;
  onValidation?: (validation: { step: number; balancedAccuracy: number; best: boolean }) => void;
}

/** All settings, apart from data and encoder, that affect the resulting weights. */
export interface TrainSettings extends Recipe {
  preset: PresetName;
  lambda: number;
  maxTokens: number | undefined;
  steps: number | undefined;
  precision: TrainingPrecision;
  pooling: Pooling | undefined;
  freezeLayers: number;
  frozenBudget: number;
  memoryBudget: number;
  seed: number;
  minPerId: number;
  validateEvery: number;
  validationShare: number;
  validationRows: number;
  patience: number;
}

const SETTING_KEYS = [
  'preset',
  'lambda',
  'maxTokens',
  'steps',
  'precision',
  'pooling',
  'freezeLayers',
  'frozenBudget',
  'memoryBudget',
  'seed',
  'minPerId',
  'validateEvery',
  'validationShare',
  'validationRows',
  'patience',
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
] as const satisfies readonly (keyof TrainSettings)[];

const EVENTS = ['onRead', 'onStart', 'onStep', 'onValidation'] as const satisfies readonly (keyof TrainEvents)[];

/** @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` naming the option */
export function resolveTrainSettings(options: TrainOptions): TrainSettings {
  expectOptions(expectObject(options, 'options'), 'options', [
    ...SETTING_KEYS,
    'data',
    'encoder',
    'out',
    'read',
    'checkpointEvery',
    'signal',
    'events',
  ]);
  expectPath(options.encoder, 'encoder');
  expectPath(options.out, 'out');
  expectSignal(options.signal, 'signal');
  if (expectArray(options.data, 'data', expectPath).length === 0)
    fail('ERR_ARG_RANGE', 'at least one file', 'data', options.data);
  expectCallbacks(options.events, 'events', EVENTS);
  expectInteger(options.checkpointEvery ?? 100, 'checkpointEvery', 1);
  const preset = expectOneOf(options.preset ?? 'univar', 'preset', PRESET_NAMES);
  const lambda = expectInteger(options.lambda ?? 5, 'lambda', 1);
  const validationShare = expectInRange(options.validationShare ?? 0.1, 'validationShare', 0, 1);
  if (validationShare % 1 === 0)
    fail('ERR_ARG_RANGE', 'a share above 0 and below 1', 'validationShare', validationShare);
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
    seed: expectInteger(options.seed ?? 42, 'seed', 0),
    minPerId: expectInteger(options.minPerId ?? 1, 'minPerId', 1),
    validateEvery: expectInteger(options.validateEvery ?? 100, 'validateEvery', 0),
    validationShare,
    validationRows: expectInteger(options.validationRows ?? 1024, 'validationRows', 4),
    patience: expectInteger(options.patience ?? 0, 'patience', 0),
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
