/** The accuracy if only the most probable answers are identified. */
export interface CoveragePoint {
  /** Share of the answers that are identified: those with the highest probabilities. */
  coverage: number;
  /** Share of these that are identified correctly. */
  accuracy: number;
  /** Smallest probability among them. */
  probability: number;
}

const STEPS = 10;

/**
 * Computes the accuracy if the engine identifies only the answers of which it is most sure, from a tenth of them to
 * all.
 *
 * @param probabilities probability of every prediction, at least one
 * @param hits whether the predictions are correct
 */
export function coverageCurve(probabilities: readonly number[], hits: readonly boolean[]): CoveragePoint[] {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]!);
  return Array.from({ length: STEPS }, (_, i) => {
    const coverage = (i + 1) / STEPS;
    const kept = order.slice(0, Math.max(1, Math.round(coverage * order.length)));
    return {
      coverage,
      accuracy: kept.filter((row) => hits[row]).length / kept.length,
      probability: probabilities[kept.at(-1)!]!,
    };
  });
}
