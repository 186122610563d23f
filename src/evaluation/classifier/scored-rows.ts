import { argMax } from '../../core/arg-max.js';
import { labelRows } from '../../core/row-labels.js';
import {
  CALIBRATION_ANSWERS,
  calibrateOnFolds,
  foldSettings,
} from '../../identification/classifier/calibrate-on-folds.js';
import type { Calibration } from '../../identification/classifier/calibration.js';
import { fitPair, type LabelledTexts } from '../../identification/classifier/fit-classifier.js';
import { authorProbabilities } from '../../identification/classifier/probabilities.js';
import { scorePair } from '../../identification/classifier/score-pair.js';
import { meanScores } from '../../identification/classifier/scores.js';
import type { TextEvidence } from '../../identification/classifier/value-classifier.js';
import { type FitSettings, resolveFitSettings } from '../../identification/fit/fit-settings.js';
import type { FitProgress } from '../../identification/fit/fit-table.js';
import { sampleRows } from '../../identification/fit/pairs.js';

/** Tested rows, scored by a classifier that has not seen them. */
export interface ScoredRows extends TextEvidence {
  /** The labels that the classifier knows, ascending. */
  names: readonly string[];
  calibration: Calibration;
}

/** Probabilities of one tested row, or of several together. */
export interface Guess {
  /** The most probable label. */
  label: string;
  /** Its probability, given that the author is one of the labels. */
  share: number;
  /** Probability that none of the labels is the author; null if that could not be calibrated. */
  unknown: number | null;
}

export interface ScoringCall {
  fit: FitSettings;
  signal?: AbortSignal | undefined;
  /** Receives the number of training steps. */
  onFit?: FitProgress | undefined;
  /** Receives the number of labels whose plane is trained. */
  onClassify?: FitProgress | undefined;
  /** Receives the number of complete folds of the calibration, from 0. */
  onCalibrate?: ((folds: number) => void) | undefined;
}

/**
 * Fits an encoder and a classifier on some rows as `fitDataset` does, calibrates their probabilities on folds of these
 * rows, and scores other rows.
 *
 * @throws EngineError `ERR_DATA` if fewer than two labels have two training rows, and other errors of a fit
 */
export async function scoreTested(
  answers: LabelledTexts,
  train: Int32Array,
  test: Int32Array,
  { fit, signal, onFit, onClassify, onCalibrate }: ScoringCall,
): Promise<ScoredRows> {
  const { names, labels } = labelRows(Array.from(train, (row) => answers.valueIds[row]!));
  const { steps, maxAnswers, seed } = resolveFitSettings(fit, names.length, undefined);
  const pair = await fitPair(answers, [...train], { fit, maxAnswers, seed, signal, onFit, onClassify });
  const evidence = await scorePair(
    pair,
    Array.from(test, (row) => answers.texts[row]!),
    { signal },
  );
  onCalibrate?.(0);
  const chosen = sampleRows(labels, names.length, CALIBRATION_ANSWERS, seed).map((i) => train[i]!);
  const rowsOf = (column: readonly string[]): string[] => Array.from(chosen, (row) => column[row]!);
  const { texts, valueIds, groups } = answers;
  const calibration = await calibrateOnFolds(
    { texts: rowsOf(texts), valueIds: rowsOf(valueIds), groups: rowsOf(groups) },
    { fit: foldSettings(fit, steps), maxAnswers, seed, names },
    { signal, onProgress: onCalibrate },
  );
  return { ...evidence, names, calibration };
}

/** Identifies the author of one or several rows, which are taken together. */
export function guess({ names, calibration, scores, known }: ScoredRows, rows: readonly number[]): Guess {
  const mean = meanScores(rows.map((row) => scores[row]!));
  const share = rows.reduce((sum, row) => sum + known[row]!, 0) / rows.length;
  const { unknown, shares } = authorProbabilities(calibration, mean, share, rows.length);
  const best = argMax(shares);
  return { label: names[best]!, share: shares[best]!, unknown };
}
