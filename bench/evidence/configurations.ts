/** Training configurations and sizes of the evaluations. */
import type { TrainOptions } from '../../src/training/settings.js';

type Settings = Required<Pick<TrainOptions, 'sampler' | 'mode' | 'logitScale' | 'learningRate' | 'batchSize'>> &
  Record<'maxTokens' | 'lambda' | 'steps', number>;

export interface TrainingConfiguration {
  name: string;
  settings: Settings;
  /** Trained without every third model of each set. */
  withoutModels?: boolean;
}

/** Other settings are those of the preset `univar`. */
const BASE: Settings = {
  sampler: 'one-source',
  mode: 'masked',
  logitScale: 20,
  learningRate: 2e-4,
  batchSize: 48,
  maxTokens: 128,
  lambda: 1,
  steps: 150,
};

/**
 * The encoders of table 1. Longer views need more tokens to differ from short ones, which makes steps more expensive.
 * Lambda 5 and 20 see about half as many tokens as lambda 1.
 */
export const MAIN_CONFIGURATIONS: readonly TrainingConfiguration[] = [
  { name: 'lambda-1', settings: { ...BASE, maxTokens: 256, steps: 400 } },
  { name: 'lambda-5', settings: { ...BASE, lambda: 5, maxTokens: 256, steps: 200 } },
  { name: 'lambda-20', settings: { ...BASE, lambda: 20, maxTokens: 512, batchSize: 24, steps: 150 } },
];

/** Short runs that differ from the first in one setting. */
export const ABLATION_CONFIGURATIONS: readonly TrainingConfiguration[] = [
  { name: 'short', settings: BASE },
  { name: 'sampler-mixed', settings: { ...BASE, sampler: 'mixed' } },
  { name: 'sampler-same-questions', settings: { ...BASE, sampler: 'same-questions' } },
  { name: 'mode-one-way', settings: { ...BASE, mode: 'one-way' } },
  { name: 'logit-scale-50', settings: { ...BASE, logitScale: 50 } },
  { name: 'max-tokens-64', settings: { ...BASE, maxTokens: 64 } },
];

export const WITHOUT_MODELS: TrainingConfiguration = { name: 'without-models', settings: BASE, withoutModels: true };

export const CONFIGURATIONS: readonly TrainingConfiguration[] = [
  ...MAIN_CONFIGURATIONS,
  ...ABLATION_CONFIGURATIONS,
  WITHOUT_MODELS,
];

/** Maximum tokens of a text in the evaluations, for all encoders. Longer texts are cut. */
export const EVALUATED_TOKENS = 256;

/** Maximum numbers of voting and of tested rows of a set. */
export interface RowLimits {
  voting: number;
  tested: number;
}

/** Size of the comparison of encoders. */
export interface SourceLimits {
  /** Maximum numbers of answers and of value ids of a source. */
  answers: number;
  valueIds: number;
  /** Every seed gives another split and another fit. */
  seeds: readonly number[];
  /** Limits for transformers, which embed less than a hundred answers per second. They use the first seed only. */
  sampled: RowLimits;
}

export interface Scale {
  name: 'full' | 'quick';
  /** Limits for table 1 and comparisons with it. */
  main: RowLimits;
  /** Limits for comparisons of many encoders or many treatments. */
  short: RowLimits;
  sources: SourceLimits;
  /** Upper bounds of training settings. */
  training: { steps: number; batchSize: number; maxTokens: number; rowsPerSet: number };
}

export const SCALES: Readonly<Record<Scale['name'], Scale>> = {
  full: {
    name: 'full',
    main: { voting: 2400, tested: 800 },
    short: { voting: 900, tested: 400 },
    sources: { answers: 6000, valueIds: 51, seeds: [1, 2, 3], sampled: { voting: 700, tested: 250 } },
    training: { steps: Infinity, batchSize: Infinity, maxTokens: Infinity, rowsPerSet: Infinity },
  },
  quick: {
    name: 'quick',
    main: { voting: 240, tested: 120 },
    short: { voting: 200, tested: 100 },
    sources: { answers: 400, valueIds: 6, seeds: [1, 2], sampled: { voting: 200, tested: 100 } },
    training: { steps: 20, batchSize: 8, maxTokens: 64, rowsPerSet: 300 },
  },
};

/** Returns the settings of a configuration at a scale. */
export function settingsAt({ settings }: TrainingConfiguration, { training }: Scale): Settings {
  return {
    ...settings,
    steps: Math.min(settings.steps, training.steps),
    batchSize: Math.min(settings.batchSize, training.batchSize),
    maxTokens: Math.min(settings.maxTokens, training.maxTokens),
  };
}
