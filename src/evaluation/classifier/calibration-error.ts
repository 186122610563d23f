/** A range of probabilities. */
export interface ReliabilityBin {
  /** Probabilities from `low` to below `high`; the last bin includes 1. */
  low: number;
  high: number;
  /** Number of answers whose probability is in the bin. */
  count: number;
  /** Mean probability of these answers; null without answers. */
  probability: number | null;
  /** Share of these answers that are identified correctly; null without answers. */
  accuracy: number | null;
}

/** How far probabilities are from the shares of correct answers. */
export interface CalibrationFigures {
  /** Expected calibration error: mean distance of probability and accuracy over the bins, weighted by their answers. */
  error: number;
  /** 15 bins of equal width. */
  bins: ReliabilityBin[];
}

const BINS = 15;

/**
 * Computes the expected calibration error (Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian
 * binning") over bins of equal width.
 *
 * @param probabilities probability of every prediction, from 0 to 1
 * @param hits whether the predictions are correct
 */
export function calibrationError(probabilities: readonly number[], hits: readonly boolean[]): CalibrationFigures {
  const sums = Array.from({ length: BINS }, () => ({ count: 0, probability: 0, hits: 0 }));
  probabilities.forEach((probability, i) => {
    const sum = sums[Math.min(Math.floor(probability * BINS), BINS - 1)]!;
    sum.count += 1;
    sum.probability += probability;
    sum.hits += Number(hits[i]);
  });
  const distance = sums.reduce((total, sum) => total + Math.abs(sum.probability - sum.hits), 0);
  return {
    error: probabilities.length === 0 ? 0 : distance / probabilities.length,
    bins: sums.map(({ count, probability, hits: correct }, i) => ({
      low: i / BINS,
      high: (i + 1) / BINS,
      count,
      probability: count === 0 ? null : probability / count,
      accuracy: count === 0 ? null : correct / count,
    })),
  };
}
