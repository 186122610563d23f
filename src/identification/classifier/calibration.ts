/** Calibration: turns the scores of a classifier and of a fitted encoder into probabilities. */
import { argMax } from '../../core/arg-max.js';
import { fitLogistic, type Logistic } from './logistic.js';
import { drawGroups, type HeldOut, type Scores } from './scores.js';
import { fitScales, logitsOf, type Scales, softmax } from './softmax-scales.js';

/** How scores of a number of texts become probabilities. */
export interface CalibrationStep {
  /** Number of texts of one author. */
  texts: number;
  scales: Scales;
  /** Log odds that the author is none of the value ids; null if that could not be calibrated. */
  unknown: Logistic | null;
}

export interface Calibration {
  /** Ascending by the number of texts; the first has one. */
  steps: CalibrationStep[];
  /** Share of known n-grams below which a text is unlike all answers. */
  minKnown: number;
}

/** Numbers of texts that are calibrated. Others take the nearest smaller one. */
const TEXTS = [1, 3, 10];
/** A number of texts is calibrated if there are so many groups of them. */
const MIN_GROUPS = 30;
/** Draws of groups, so that few texts give enough of them. */
const ROUNDS = 4;
/** So many of the answers have a smaller share of known n-grams than `minKnown`. */
const STRANGE_SHARE = 0.005;

/** Fits the scales of the scores, and the odds of unknown authors, to held-out texts. */
export function calibrate(texts: readonly HeldOut[], seed: number): Calibration {
  const steps: CalibrationStep[] = [];
  for (const size of TEXTS) {
    const groups = size === 1 ? texts : drawGroups(texts, size, ROUNDS, seed);
    const own = groups.filter(({ label }) => label >= 0);
    if (size > 1 && own.length < MIN_GROUPS) break;
    const foreign = groups.filter(({ label }) => label < 0);
    const scales = fitScales(own);
    const features = (list: readonly Scores[]): number[][] => list.map((scores) => unknownFeatures(scores, scales));
    const isEnough = own.length >= MIN_GROUPS && foreign.length >= MIN_GROUPS;
    const unknown = isEnough ? fitLogistic(features(foreign), features(own)) : (steps.at(-1)?.unknown ?? null);
    steps.push({ texts: size, scales, unknown });
  }
  const known = texts.map((text) => text.known).sort((a, b) => a - b);
  return { steps, minKnown: known[Math.floor(STRANGE_SHARE * known.length)] ?? 0 };
}

/** Usual probabilities, without any of an unknown author. */
export const UNCALIBRATED: Calibration = calibrate([], 0);

/**
 * Features of the odds that the author is unknown: the scores of the most probable value id, and how undecided the
 * probabilities are.
 *
 * @param positions value ids that can be the author. @default all
 */
export function unknownFeatures(scores: Scores, scales: Scales, positions?: readonly number[]): number[] {
  const logits = logitsOf(scores, scales, positions);
  const best = argMax(logits);
  const position = positions ? positions[best]! : best;
  const entropy = softmax(logits).reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
  return [scores.similarities[position]!, scores.decisions[position]!, entropy];
}

/** The step for a number of texts: the largest that is not larger. */
export function stepFor({ steps }: Calibration, texts: number): CalibrationStep {
  return steps.findLast((step) => step.texts <= texts) ?? steps[0]!;
}
