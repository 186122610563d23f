/**
 * Named recipes. The paper's text and the code it was published with disagree in learning rate, schedule and epochs, so
 * both are here; `univar` is ours.
 */
import type { InfoNceMode } from '../native/infonce-modes.js';
import type { BatchSamplerName } from './batch-samplers.js';
import type { Decay } from './schedule.js';

/** What a preset decides, and any option of a run overrides. */
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
  /** Passes over the training rows where no number of steps is given. */
  epochs: number;
  /** Pairs of a batch. */
  batchSize: number;
  sampler: BatchSamplerName;
  /** The two views of a pair share no question, as far as there are others. */
  disjointViews: boolean;
}

export const PRESET_NAMES = ['paper-text', 'upstream-code', 'univar'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** Both forms of the paper: one-way loss without masks, temperature 0.02, any 64 pairs. */
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
  /** Appendix B.1 of the paper; temperature, weight decay and clipping, which it does not state, from the code. */
  'paper-text': { ...PAPER, learningRate: 1e-5, warmupSteps: 1000, decay: 'constant', epochs: 1 },
  /** The published training configuration. */
  'upstream-code': { ...PAPER, learningRate: 2e-4, warmupSteps: 700, decay: 'inverse-sqrt', epochs: 3 },
  /**
   * Pairs of equal value id are no negatives, and neither the batch nor the pair lets the topic tell which key belongs
   * to a query. The sampler is the one that identified held-out answers best, by a little: see docs/training.md.
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

/** Longest view in tokens that the published runs used for this lambda. */
export function defaultMaxTokens(lambda: number): number {
  if (lambda <= 1) return 256;
  if (lambda <= 5) return 1024;
  return lambda <= 20 ? 2048 : 8192;
}
