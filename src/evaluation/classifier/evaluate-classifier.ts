/** Accuracy and probabilities of classifiers: trains anew on the training rows, so that no tested answer was seen. */
import {
  expectBoolean,
  expectCallback,
  expectObject,
  expectOptions,
  expectStrings,
  fail,
} from '../../core/validate.js';
import { FOLDS } from '../../identification/classifier/held-out-scores.js';
import { FIT_SETTINGS, type FitSettings } from '../../identification/fit/fit-settings.js';
import { type ClassificationResult, summarise } from '../classification.js';
import { EVALUATION_OPTIONS, type EvaluationOptions, prepareRows } from '../prepare.js';
import type { LabelledTexts } from '../tfidf.js';
import { type TogetherPoint, togetherCurve } from './answers-together.js';
import { type CalibrationFigures, calibrationError } from './calibration-error.js';
import { type CoveragePoint, coverageCurve } from './coverage.js';
import { guess, scoreTested } from './scored-rows.js';
import { evaluateUnknown, type UnknownFigures } from './unknown-authors.js';

/**
 * Stages of the evaluation, in order: fitting the encoder, training the classifier, calibrating its probabilities, and
 * doing all of this again without some of the labels. They count training steps, labels, folds, and fits.
 */
export type ClassifierStage = 'fit' | 'classify' | 'calibrate' | 'leave out';

/** Options of `evaluateClassifier`. */
export interface ClassifierOptions extends EvaluationOptions {
  /** Settings of the fit. */
  fit?: FitSettings | undefined;
  /**
   * Also measures how well authors are recognised that are none of the labels. Trains and calibrates four more times,
   * which takes four times as long as the rest. @default true
   */
  unknown?: boolean | undefined;
  /** Reports the progress of a stage. */
  onProgress?: ((stage: ClassifierStage, done: number, total: number) => void) | undefined;
}

/** The accuracy and calibration of the classifier of a fit. */
export interface ClassifierResult extends ClassificationResult {
  /** Of the probability of the first label, given that the author is one of the labels. */
  calibration: CalibrationFigures;
  /** Accuracy if only the answers with the highest probability of a label are identified. */
  coverage: CoveragePoint[];
  /** Accuracy if several answers of one author are identified together. */
  together: TogetherPoint[];
  /** Null if it was not measured, or there are too few labels or answers for it. */
  unknown: UnknownFigures | null;
}

/**
 * Fits an encoder and a linear classifier on the labels of the training rows as `fitDataset` does, calibrates their
 * probabilities on folds of these rows, and classifies the tested rows. Equal options give the split of `evaluateKnn`.
 *
 * @throws EngineError like `evaluateKnn`; `ERR_DATA` if fewer than two labels have two training answers
 */
export async function evaluateClassifier(
  data: LabelledTexts,
  options: ClassifierOptions = {},
): Promise<ClassifierResult> {
  const given = expectObject(data, 'data');
  const texts = expectStrings(given['texts'], 'texts');
  const valueIds = expectStrings(given['labels'], 'labels');
  if (texts.length !== valueIds.length)
    fail('ERR_SHAPE_MISMATCH', `${valueIds.length} texts, one per label,`, 'texts', texts);
  const { fit, unknown, onProgress, split } = resolveOptions(options);
  const prepared = prepareRows(data, split);
  const { names, train, test, testLabels, seed } = prepared;
  const answers = { texts, valueIds, groups: data.groups };
  const { signal } = options;
  const scored = await scoreTested(answers, train, test, {
    fit,
    signal,
    onFit: (done, total) => onProgress?.('fit', done, total),
    onClassify: (done, total) => onProgress?.('classify', done, total),
    onCalibrate: (folds) => onProgress?.('calibrate', folds, FOLDS),
  });
  const guesses = scored.scores.map((_, row) => guess(scored, [row]));
  const position = new Map(names.map((name, i) => [name, i]));
  const predicted = Int32Array.from(guesses, ({ label }) => position.get(label)!);
  const hits = Array.from(predicted, (label, row) => label === testLabels[row]);
  const leaveOut = (done: number, total: number): void => onProgress?.('leave out', done, total);
  return {
    ...summarise(prepared, predicted),
    calibration: calibrationError(
      guesses.map(({ share }) => share),
      hits,
    ),
    coverage: coverageCurve(
      guesses.map(({ share, unknown: none }) => share * (1 - (none ?? 0))),
      hits,
    ),
    together: togetherCurve(
      scored,
      Array.from(testLabels, (label) => names[label]!),
      seed,
    ),
    unknown: unknown ? await evaluateUnknown({ answers, train, test, fit, seed, signal, onProgress: leaveOut }) : null,
  };
}

function resolveOptions(options: ClassifierOptions) {
  const {
    fit = {},
    unknown = true,
    onProgress,
    ...split
  } = expectOptions(options, 'options', [...EVALUATION_OPTIONS, 'fit', 'unknown', 'onProgress']);
  return {
    fit: expectOptions(fit, 'fit', FIT_SETTINGS) as FitSettings,
    unknown: expectBoolean(unknown, 'unknown'),
    onProgress: expectCallback(onProgress as ClassifierOptions['onProgress'], 'onProgress'),
    split: split as EvaluationOptions,
  };
}
