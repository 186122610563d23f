import { ifEnoughData, type LabelledTexts } from '../../identification/classifier/fit-classifier.js';
import { assignFolds, FOLDS } from '../../identification/classifier/held-out-scores.js';
import { drawRows } from '../../identification/classifier/scores.js';
import type { FitSettings } from '../../identification/fit/fit-settings.js';
import { rocArea } from './roc-area.js';
import { guess, type ScoredRows, scoreTested } from './scored-rows.js';

/** How well the probability of an unknown author separates labels that were left out of training from the others. */
export interface UnknownFigures {
  /** Area under the ROC curve for single answers: 0.5 is chance, 1 is perfect. */
  one: number;
  /** The same for ten answers of one label together; null if too few labels have so many tested answers. */
  ten: number | null;
}

export interface UnknownTask {
  answers: LabelledTexts;
  train: Int32Array;
  test: Int32Array;
  fit: FitSettings;
  seed: number;
  signal: AbortSignal | undefined;
  /** Reports the number of fits, each with an encoder and a classifier. */
  onProgress: (done: number, total: number) => void;
}

/** With fewer labels, none is left out. */
const MIN_LABELS = 4;
const TOGETHER = 10;
const ROUNDS = 10;
/** Fits of each fold: its own, and those of its calibration. */
const FITS = 1 + FOLDS;

/** Tested rows, scored by a classifier that knows only some of their labels. */
export interface LeaveOutTurn {
  scored: ScoredRows;
  isKnown: (label: string) => boolean;
}

/**
 * Leaves out a quarter of the labels in turn, trains and calibrates anew on the other training rows, and computes the
 * area under the ROC curve (Fawcett 2006) of `unknown` on the tested rows of all labels. Returns the mean of the turns.
 *
 * @returns null with fewer than four labels, or if no turn has enough answers and labels to calibrate `unknown`
 * @throws EngineError `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function evaluateUnknown(task: UnknownTask): Promise<UnknownFigures | null> {
  const { answers, test, seed } = task;
  const labels = Array.from(test, (row) => answers.valueIds[row]!);
  const areas: { one: number | null; ten: number | null }[] = [];
  for await (const turn of leaveOutTurns(task)) {
    const unknown = (rows: readonly number[]): number | null => guess(turn.scored, rows).unknown;
    areas.push(unknownAreas(turn, labels, seed, unknown));
  }
  const one = mean(areas.map((area) => area.one));
  return one === null ? null : { one, ten: mean(areas.map((area) => area.ten)) };
}

/** Trains and calibrates without each quarter of the labels in turn. Turns with too little data are left out. */
export async function* leaveOutTurns(task: UnknownTask): AsyncGenerator<LeaveOutTurn> {
  const { answers, train, test, fit, seed, signal, onProgress } = task;
  const names = [...new Set(Array.from(train, (row) => answers.valueIds[row]!))];
  if (names.length < MIN_LABELS) return;
  const foldOf = assignFolds(names, seed);
  for (let fold = 0; fold < FOLDS; fold++) {
    const isKnown = (label: string): boolean => (foldOf.get(label) ?? fold) !== fold;
    const rows = train.filter((row) => isKnown(answers.valueIds[row]!));
    const report = (fits: number): void => onProgress(fold * FITS + fits, FOLDS * FITS);
    report(0);
    const onCalibrate = (folds: number): void => report(1 + folds);
    const scored = await ifEnoughData(scoreTested(answers, rows, test, { fit, signal, onCalibrate }));
    report(FITS);
    if (scored) yield { scored, isKnown };
  }
}

/**
 * Areas under the ROC curve for single rows and for ten of one label together.
 *
 * @param labels of the tested rows
 * @param strangeness of tested rows of one author: the higher, the more likely they are unknown
 */
export function unknownAreas(
  { isKnown }: LeaveOutTurn,
  labels: readonly string[],
  seed: number,
  strangeness: (rows: readonly number[]) => number | null,
): { one: number | null; ten: number | null } {
  const area = (size: number, rounds: number): number | null => {
    const [own, foreign]: [number[], number[]] = [[], []];
    for (const rows of drawRows(labels, size, rounds, seed)) {
      const value = strangeness(rows);
      if (value === null) return null;
      (isKnown(labels[rows[0]!]!) ? own : foreign).push(value);
    }
    return own.length === 0 || foreign.length === 0 ? null : rocArea(foreign, own);
  };
  return { one: area(1, 1), ten: area(TOGETHER, ROUNDS) };
}

/** Mean of the values that are not null; null if there are none. */
function mean(values: readonly (number | null)[]): number | null {
  const present = values.filter((value) => value !== null);
  return present.length === 0 ? null : present.reduce((sum, value) => sum + value, 0) / present.length;
}
