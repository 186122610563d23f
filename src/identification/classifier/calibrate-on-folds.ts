import type { CallOptions } from '../../native/call.js';
import type { FitSettings } from '../fit/fit-settings.js';
import { type Calibration, calibrate } from './calibration.js';
import type { LabelledTexts, PairOptions } from './fit-classifier.js';
import { assignFolds, FOLDS, scoreHeldOut } from './held-out-scores.js';
import type { HeldOut } from './scores.js';

/** Answers that the probabilities are calibrated on. More make them no better, but take longer. */
export const CALIBRATION_ANSWERS = 8000;
/** Value ids from which some are left out, to calibrate the odds of unknown authors. */
const MIN_VALUE_IDS = 4;

export interface CalibrationOptions extends Pick<PairOptions, 'fit' | 'maxAnswers' | 'seed'> {
  /** The value ids of the classifier, ascending. The answers can lack some. */
  names: readonly string[];
}

/**
 * Calibrates probabilities on answers that neither the encoder nor the classifier has seen. Every fold leaves out a
 * quarter of the questions and, if there are at least four value ids, a quarter of the value ids. It trains both anew
 * on the rest, and scores all answers to its questions. The answers of value ids that were left out are those of
 * unknown authors. `onProgress` receives the number of complete folds.
 *
 * @throws EngineError `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`, and `ERR_ARG_RANGE` or `ERR_DATA` for settings of the fit
 */
export async function calibrateOnFolds(
  answers: LabelledTexts,
  { names, ...options }: CalibrationOptions,
  { signal, onProgress }: CallOptions = {},
): Promise<Calibration> {
  const { valueIds, groups } = answers;
  const foldOf = assignFolds([...new Set(groups)], options.seed);
  const present = [...new Set(valueIds)];
  const leftOut = present.length < MIN_VALUE_IDS ? new Map<string, number>() : assignFolds(present, options.seed + 1);
  const texts: HeldOut[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const isHeld = (row: number): boolean => foldOf.get(groups[row]!) === fold;
    const held = [...groups.keys()].filter(isHeld);
    const rows = [...groups.keys()].filter((row) => !isHeld(row) && leftOut.get(valueIds[row]!) !== fold);
    texts.push(...(await scoreHeldOut(answers, { rows, held, fold, names }, { ...options, signal })));
    onProgress?.(fold + 1);
  }
  return calibrate(texts, names.length, options.seed);
}

/**
 * Returns the settings of the fits of the folds. They take half of the training steps, which makes them faster and the
 * calibration as good.
 *
 * @param steps training steps of the fit whose scores are calibrated
 */
export function foldSettings(fit: FitSettings, steps: number): FitSettings {
  return { ...fit, steps: Math.ceil(steps / 2) };
}
