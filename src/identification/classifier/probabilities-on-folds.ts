import { allocateFloat32 } from '../../core/allocate.js';
import type { CallOptions } from '../../native/call.js';
import { sampleRows } from '../fit/pairs.js';
import { CALIBRATION_ANSWERS } from './calibrate-on-folds.js';
import type { LabelledTexts, PairOptions } from './fit-classifier.js';
import { assignFolds, FOLDS, scoreHeldOut } from './held-out-scores.js';
import type { HeldOut } from './scores.js';
import { fitScales, logitsOf, softmax } from './softmax-scales.js';

export interface FoldProbabilitiesOptions extends Pick<PairOptions, 'fit' | 'maxAnswers' | 'seed'> {
  /** The value ids, ascending. */
  names: readonly string[];
  /** For every answer, the position of its value id in `names`. */
  labels: Int32Array;
}

/**
 * Returns the probability of every value id for every answer, from a classifier that saw neither the answer nor another
 * answer to its question. Each of four folds leaves out a quarter of the questions, trains encoder and classifier anew
 * on a sample of the other answers, and scores all answers to its questions. `onProgress` receives the number of
 * complete folds.
 *
 * @returns [answers, names]; NaN for value ids that a fold had too few answers of
 * @throws EngineError `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`, and `ERR_ARG_RANGE` or `ERR_DATA` for settings of the fit
 */
export async function probabilitiesOnFolds(
  answers: LabelledTexts,
  { names, labels, ...options }: FoldProbabilitiesOptions,
  { signal, onProgress }: CallOptions = {},
): Promise<Float32Array<ArrayBuffer>> {
  const { groups } = answers;
  const foldOf = assignFolds([...new Set(groups)], options.seed);
  const sample = [...sampleRows(labels, names.length, CALIBRATION_ANSWERS, options.seed)];
  const heldOut: { row: number; scores: HeldOut }[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const isHeld = (row: number): boolean => foldOf.get(groups[row]!) === fold;
    const held = [...groups.keys()].filter(isHeld);
    const rows = sample.filter((row) => !isHeld(row));
    const scored = await scoreHeldOut(answers, { rows, held, fold, names }, { ...options, signal });
    scored.forEach((scores, i) => heldOut.push({ row: held[i]!, scores }));
    onProgress?.(fold + 1);
  }
  const scales = fitScales(heldOut.map(({ scores }) => scores).filter(({ label }) => label >= 0));
  const probabilities = allocateFloat32(groups.length * names.length, 'the probabilities').fill(Number.NaN);
  for (const { row, scores } of heldOut) {
    const shares = softmax(logitsOf(scores, scales));
    scores.columns.forEach((column, i) => (probabilities[row * names.length + column] = shares[i]!));
  }
  return probabilities;
}
