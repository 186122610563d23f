/** Separates values from style: how much of the accuracy on questions about values is reached on others as well. */
import { expectCallback, expectInteger, expectObject, expectOptions } from '../../core/validate.js';
import { FIT_SETTINGS, type FitSettings } from '../../identification/fit/fit-settings.js';
import { type ClassificationResult, summarise } from '../classification.js';
import { evaluateKnn } from '../knn.js';
import { EVALUATION_OPTIONS, type EvaluationOptions, prepareRows } from '../prepare.js';
import type { Split } from '../splits.js';
import { evaluateTfidf } from '../tfidf.js';
import { type ControlData, joinSides, type SideName, splitSide } from './control-rows.js';
import { difference, type Figure, figureOf } from './figure.js';
import { type FittedRows, fitAndPredict } from './fit-and-predict.js';
import { type ErasureFigures, measureErasure } from './measure-erasure.js';

/** Options of `evaluateControl`. */
export interface ControlOptions extends Omit<EvaluationOptions, 'split'> {
  /** Minimum number of answers per label on each side. Labels with fewer are left out. @default 1 */
  minPerId?: number;
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

/** How much of the accuracy is left without questions about values. */
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
 * tests on each side what was trained on the other, and erases from the vectors the directions that tell the labels
 * apart on the other questions (Belrose et al. 2023). Both sides are split by question, with equal options. Labels that
 * only one side has are left out.
 *
 * @throws EngineError `ERR_ARG_RANGE` if the sides share fewer than two labels; and like `evaluateKnn` and
 *   `fitOnTraining`
 */
export async function evaluateControl(data: ControlData, options: ControlOptions = {}): Promise<ControlResult> {
  const { values, control } = expectObject(data, 'data') as unknown as ControlData;
  const keys = [...EVALUATION_OPTIONS.filter((key) => key !== 'split'), 'k', 'fit', 'onProgress'];
  const given = expectOptions(options, 'options', keys) as ControlOptions;
  const { k = DEFAULT_K, fit: settings = {}, minPerId = 1, onProgress: report, ...evaluation } = given;
  const knn = { ...evaluation, k: expectInteger(k, 'k', 1), sweep: [] };
  const fit = expectOptions(settings, 'fit', FIT_SETTINGS) as FitSettings;
  const onProgress = expectCallback(report, 'onProgress');
  const rows = joinSides(values, control, expectInteger(minPerId, 'minPerId', 1));
  const splits = { values: splitSide(rows, 'values', evaluation), control: splitSide(rows, 'control', evaluation) };
  const test = { values: splits.values.test, control: splits.control.test };
  const tested = Int32Array.from([...test.values, ...test.control]);
  const sides = new Map<SideName, FittedRows>();
  /** Trains on a side for the first method that needs it. */
  const trainedOn = async (name: SideName): Promise<FittedRows> => {
    const split = { train: splits[name].train, test: tested };
    const side = sides.get(name) ?? (await fitAndPredict(rows, split, { fit, signal: evaluation.signal }));
    sides.set(name, side);
    return side;
  };

  const methods: Record<ControlRow['method'], (trained: SideName, split: Split) => Promise<ClassificationResult>> = {
    tfidf: (_, split) => evaluateTfidf(rows, { ...knn, split }),
    encoder: (_, split) => evaluateKnn(rows, { ...knn, split }),
    fitted: async (trained, split) => {
      const { embeddings, dim } = await trainedOn(trained);
      return evaluateKnn({ ...rows, embeddings, dim }, { ...knn, split });
    },
    classifier: async (trained, split) => {
      const { predicted } = await trainedOn(trained);
      const prepared = prepareRows(rows, { ...evaluation, split });
      const labels = prepared.test.map((row) => prepared.names.indexOf(predicted.get(row)!));
      return summarise(prepared, labels);
    },
  };
  const result: ControlRow[] = [];
  let done = 0;
  for (const [method, evaluate] of Object.entries(methods)) {
    const figure = async (trained: SideName, tested: SideName): Promise<Figure> => {
      const figures = figureOf(await evaluate(trained, { train: splits[trained].train, test: test[tested] }));
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
  const before = result.find(({ method }) => method === 'encoder')!.values;
  const erasure = await measureErasure(rows, names, splits.control.train, async (embeddings) =>
    figureOf(await evaluateKnn({ ...rows, embeddings }, { ...knn, split: splits.values })),
  );
  return { labels: names, chance: 1 / names.length, rows: result, erasure: { before, ...erasure } };
}
