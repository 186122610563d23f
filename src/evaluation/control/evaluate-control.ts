/** Values apart from style: how much of the accuracy on questions about values other questions give as well. */
import { argMax } from '../../core/arg-max.js';
import { expectInteger, expectObject, expectOptions } from '../../core/validate.js';
import { UNCALIBRATED } from '../../identification/classifier/calibration.js';
import { fitPair } from '../../identification/classifier/fit-classifier.js';
import { scorePair } from '../../identification/classifier/score-pair.js';
import { logitsOf } from '../../identification/classifier/softmax-scales.js';
import type { FitSettings } from '../../identification/fit/fit-settings.js';
import { type ClassificationResult, summarise } from '../classification.js';
import { fitOnTraining } from '../fitted-knn.js';
import { evaluateKnn } from '../knn.js';
import { EVALUATION_OPTIONS, type EvaluationOptions, prepareRows } from '../prepare.js';
import type { Split } from '../splits.js';
import { evaluateTfidf } from '../tfidf.js';
import { type ControlData, type JoinedRows, joinSides, type SideName, splitSide } from './control-rows.js';
import { difference, type Figure, figureOf } from './figure.js';
import { type ErasureFigures, measureErasure } from './measure-erasure.js';

export interface ControlOptions extends Omit<EvaluationOptions, 'split'> {
  /** Number of neighbours that vote. @default 10 */
  k?: number;
  /** Settings of the fits. */
  fit?: FitSettings | undefined;
  /** Receives the number of results so far, of 16. */
  onProgress?: ((results: number) => void) | undefined;
}

/** Accuracy of a method, by the answers that it was trained on and tested on. */
export interface ControlRow {
  method: 'tfidf' | 'encoder' | 'fitted' | 'classifier';
  /** Trained and tested on questions about values. */
  values: Figure;
  /** Trained and tested on other questions. */
  control: Figure;
  /** Difference of the two. */
  drop: Figure;
  /** Trained on other questions, tested on questions about values: this is style, not values. */
  controlToValues: Figure;
  /** Trained on questions about values, tested on others. */
  valuesToControl: Figure;
}

export interface ControlResult {
  /** Labels that both sides have. */
  labels: string[];
  /** 1 / number of labels. */
  chance: number;
  rows: ControlRow[];
  /** KNN on questions about values, in the vectors of the encoder, after directions were erased from them. */
  erasure: ErasureFigures;
}

const DEFAULT_K = 10;

/**
 * Compares the accuracy on questions about values with that of the same labels on other questions (paper, Figure 4),
 * carries what was trained on one side over to the other, and erases from the vectors what tells the labels apart on
 * the other questions (Belrose et al. 2023). Both sides are split by question, with equal options. Labels that only one
 * side has are left out.
 *
 * @throws EngineError `ERR_ARG_RANGE` if the sides share fewer than two labels; and like `evaluateKnn` and
 *   `fitOnTraining`
 */
export async function evaluateControl(data: ControlData, options: ControlOptions = {}): Promise<ControlResult> {
  const { values, control } = expectObject(data, 'data') as unknown as ControlData;
  const keys = [...EVALUATION_OPTIONS.filter((key) => key !== 'split'), 'k', 'fit', 'onProgress'];
  const { k: givenK, fit = {}, onProgress, ...evaluation } = expectOptions(options, 'options', keys) as ControlOptions;
  const k = expectInteger(givenK ?? DEFAULT_K, 'k', 1);
  const rows = joinSides(values, control);
  const splits = { values: splitSide(rows, 'values', evaluation), control: splitSide(rows, 'control', evaluation) };
  const over = (trained: SideName, tested: SideName): Split => ({
    train: splits[trained].train,
    test: splits[tested].test,
  });

  const methods: Record<ControlRow['method'], (split: Split) => Promise<ClassificationResult>> = {
    tfidf: (split) => evaluateTfidf(rows, { ...evaluation, split, k, sweep: [] }),
    encoder: (split) => evaluateKnn(rows, { ...evaluation, split, k, sweep: [] }),
    fitted: async (split) => {
      const fitted = await fitOnTraining(rows, { ...evaluation, split, fit });
      return evaluateKnn(fitted, { ...evaluation, split, k, sweep: [] });
    },
    classifier: (split) => classifyRows(rows, { ...evaluation, split }, fit),
  };
  const result: ControlRow[] = [];
  let done = 0;
  for (const [method, evaluate] of Object.entries(methods)) {
    const figure = async (trained: SideName, tested: SideName): Promise<Figure> => {
      const figures = figureOf(await evaluate(over(trained, tested)));
      onProgress?.(++done);
      return figures;
    };
    const own = await figure('values', 'values');
    const other = await figure('control', 'control');
    result.push({
      method: method as ControlRow['method'],
      values: own,
      control: other,
      drop: difference(own, other),
      controlToValues: await figure('control', 'values'),
      valuesToControl: await figure('values', 'control'),
    });
  }
  const names = [...new Set(rows.labels)].sort();
  return {
    labels: names,
    chance: 1 / names.length,
    rows: result,
    erasure: await measureErasure(rows, names, splits, (vectors) =>
      evaluateKnn({ ...rows, embeddings: vectors }, { ...evaluation, split: splits.values, k, sweep: [] }),
    ),
  };
}

/** Classifies the tested rows by a classifier and an encoder that are trained on the others. */
async function classifyRows(
  { texts, labels, groups }: JoinedRows,
  options: EvaluationOptions,
  fit: FitSettings,
): Promise<ClassificationResult> {
  const prepared = prepareRows({ labels, groups }, options);
  const { train, test, names, seed } = prepared;
  const { signal } = options;
  const answers = { texts, valueIds: labels, groups };
  const pair = await fitPair(answers, [...train], { fit, maxAnswers: train.length, seed, signal });
  const tested = Array.from(test, (row) => texts[row]!);
  const own = pair.weights.names;
  const { scores } = await scorePair(pair, tested, { signal });
  const predicted = scores.map((one) => names.indexOf(own[argMax(logitsOf(one, UNCALIBRATED.steps[0]!.scales))]!));
  return summarise(prepared, Int32Array.from(predicted));
}
