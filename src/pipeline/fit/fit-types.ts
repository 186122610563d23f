import type { SeenAnswers } from '../../encoder/folder/training-answers.js';
import type { FitFigures } from '../../identification/fit/fit-table.js';
import type { BuiltIndex } from '../index/build-index.js';

/**
 * Stages of a fit, in order: reading the answers to train on, training, encoding all answers, training the classifier,
 * calibrating its probabilities, and building the index. `fit` counts training steps, `classify` value ids, `calibrate`
 * folds, and the others answers.
 */
export type FitStage = 'read' | 'fit' | 'encode' | 'classify' | 'calibrate' | 'index';

/** The fit that `fitDataset` wrote. */
export interface FittedDataset extends FitFigures {
  /** Folder of the fitted encoder. */
  folder: string;
  dim: number;
  /** Number of answers that have a vector. */
  rows: number;
  /**
   * Seconds of training the encoder, including reading; of encoding all answers; of training and calibrating the
   * classifier; and of building the index.
   */
  seconds: { fit: number; encode: number; classify: number; index: number };
  index: BuiltIndex | undefined;
  /** Whether a classifier was trained. */
  hasClassifier: boolean;
  /** Answers that the base was trained on; undefined without a base, or if its folder does not say. */
  seen: SeenAnswers | undefined;
}
