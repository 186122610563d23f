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
  /** Folder of the run; an interrupted one is continued. */
  out: string;
  /** What the options that are not given default to. @default 'univar' */
  preset?: PresetName | undefined;
  /** How records are read. */
  read?: Omit<ReadOptions, 'signal' | 'batchSize'> | undefined;
  /** Most answers of a view. @default 5 */
  lambda?: number | undefined;
  /**
   * Longest view, special tokens included; longer ones are cut. @default 256 to 8192 by lambda, at most the encoder's
   * positions
   */
  maxTokens?: number | undefined;
  /** Updates. @default those of `epochs` passes */
  steps?: number | undefined;
  /** Precision of products. @default 'f32' */
  precision?: TrainingPrecision | undefined;
  /** Pooling of token vectors. @default what the encoder's folder says, or 'mean' where it says nothing */
  pooling?: Pooling | undefined;
  /** Lowest layers that stay as they are, and with them the embeddings. @default 0 */
  freezeLayers?: number | undefined;
  /** Bytes for activations below the frozen layers, kept from epoch to epoch where lambda is 1. @default 2 GiB */
  frozenBudget?: number | undefined;
  /** Bytes for activations that are kept for the backward pass. @default 1 GiB */
  memoryBudget?: number | undefined;
  /** Decides the validation split, the batches and the views. @default 42 */
  seed?: number | undefined;
  /** Leaves out value ids with fewer answers. @default 1 */
  minPerId?: number | undefined;
  /**
   * Steps between two validations, the first before the first step; 0: no validation, and nothing is held out. @default
   * 100
   */
  validateEvery?: number | undefined;
  /** Share of the questions that are held out for it, above 0 and below 1. @default 0.1 */
  validationShare?: number | undefined;
  /** Most held-out answers that a validation embeds, spread evenly over the sources. @default 1024 */
  validationRows?: number | undefined;
  /** Ends the training after so many validations without a new best; 0: never. @default 0 */
  patience?: number | undefined;
  /** Steps between two checkpoints: what a killed run loses at most. @default 100 */
  checkpointEvery?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Receives what is going on; see `TrainEvents`. */
  events?: TrainEvents | undefined;
}

/** Calls during a run, in this order. */
export interface TrainEvents {
  /** Records read so far. */
  onRead?: (rows: number) => void;
  /** Training begins, or goes on behind `done` of `steps`. */
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

/** Everything that decides the weights that come out, besides data and encoder. */
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
 * The length limit of views.
 *
 * @param positions of the encoder
 * @throws EngineError `ERR_ARG_RANGE` when more was asked for than the encoder has positions
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
