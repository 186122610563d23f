import { type Calibration, stepFor } from './calibration.js';
import { logUnlikeness } from './known-tail.js';
import type { Scores } from './scores.js';
import { logitsOf, softmax } from './softmax-scales.js';
import { unknownFeatures, unknownLogOdds } from './unknown-odds.js';

/** Probabilities of the author of a text, or of several texts of one author. */
export interface AuthorProbabilities {
  /** Probability that none of the value ids wrote it; null if that could not be calibrated. */
  unknown: number | null;
  /** Probability of every value id, given that the author is one of them. They add up to 1. */
  shares: number[];
}

/** Share of texts whose author is none of the value ids, before a text is read. */
const UNKNOWN_SHARE = 0.1;
const PRIOR = Math.log(UNKNOWN_SHARE / (1 - UNKNOWN_SHARE));

/**
 * Turns scores into probabilities.
 *
 * @param scores of a text, or means of those of several texts
 * @param known share of known n-grams, or its mean over the texts
 * @param texts number of texts
 * @param positions value ids that can be the author, at least one. @default all
 */
export function authorProbabilities(
  calibration: Calibration,
  scores: Scores,
  known: number,
  texts: number,
  positions?: readonly number[],
): AuthorProbabilities {
  const { scales, unknown, known: tail } = stepFor(calibration, texts);
  const odds = unknown && unknownLogOdds(unknown, unknownFeatures(scores, calibration.profiles, positions));
  return {
    unknown: odds === null ? null : sigmoid(PRIOR + odds + (tail ? logUnlikeness(tail, known) : 0)),
    shares: softmax(logitsOf(scores, scales, positions)),
  };
}

function sigmoid(odds: number): number {
  return 1 / (1 + Math.exp(-odds));
}
