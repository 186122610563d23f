/**
 * Named recipes. The text of the paper and its published code differ in learning rate, schedule and epochs, so both are
 * included. `univar` is our own.
 */
import type { InfoNceMode } from '../native/infonce-modes.js';
import type { BatchSamplerName } from './batch-samplers.js';
import type { Decay } from './schedule.js';

/** The settings of a preset. Options of a run override them. */
export interface Recipe {
  mode: InfoNceMode;
  /** 1 / temperature. */
  logitScale: number;
  /** Peak learning rate. */
  learningRate: number;
  warmupSteps: number;
  decay: Decay;
  weightDecay: number;
  maxGradNorm: number;
  /** Passes over the training rows, used if the number of steps is not given. */
  epochs: number;
  /** Pairs per batch. */
  batchSize: number;
  sampler: BatchSamplerName;
  /** Draws the two views of a pair from different questions, if possible. */
  disjointViews: boolean;
}

export const PRESET_NAMES = ['paper-text', 'upstream-code', 'univar'] as const;
/**
 * Recipes of training:
 * - `'paper-text'`: as the text of the paper describes it.
 * - `'upstream-code'`: the published configuration of the paper's code.
 * - `'univar'`: our own, the default.
 *
 * @useDeclaredType
 */
export type PresetName = (typeof PRESET_NAMES)[number];

/**
 * Settings shared by the text and the code of the paper: one-way loss without masks, temperature 0.02, any 64 pairs.
 */
const PAPER = {
  mode: 'one-way',
  logitScale: 50,
  weightDecay: 0.01,
  maxGradNorm: 1,
  batchSize: 64,
  sampler: 'mixed',
  disjointViews: false,
} as const;

export const PRESETS: Readonly<Record<PresetName, Recipe>> = {
  /** Appendix B.1 of the paper. Temperature, weight decay and clipping are not stated there and come from the code. */
  'paper-text': { ...PAPER, learningRate: 1e-5, warmupSteps: 1000, decay: 'constant', epochs: 1 },
  /** The published training configuration. */
  'upstream-code': { ...PAPER, learningRate: 2e-4, warmupSteps: 700, decay: 'inverse-sqrt', epochs: 3 },
  /**
   * Pairs with the same value id are not negatives, and the topic does not reveal which key belongs to a query, neither
   * within the batch nor within the pair. The sampler identified held-out answers best, by a small margin: see
   * docs/training.md.
   */
  univar: {
    mode: 'masked',
    logitScale: 20,
    learningRate: 1e-4,
    warmupSteps: 20,
    decay: 'cosine',
    weightDecay: 0.01,
    maxGradNorm: 1,
    epochs: 1,
    batchSize: 64,
    sampler: 'one-source',
    disjointViews: true,
  },
};

/** Returns the token limit of views that the published runs used for this lambda. */
export function defaultMaxTokens(lambda: number): number {
  if (lambda <= 1) return 256;
  if (lambda <= 5) return 1024;
  return lambda <= 20 ? 2048 : 8192;
}
