import { allocateFloat64 } from '../core/allocate.js';
import { SeededRandom } from '../core/random.js';

/** A confidence interval. */
export interface Interval {
  low: number;
  high: number;
}

/** Confidence intervals of accuracies. */
export interface AccuracyIntervals {
  accuracy: Interval;
  balancedAccuracy: Interval;
}

export interface TestedRows {
  /** Label index of every tested row. */
  actual: Int32Array;
  predicted: Int32Array;
  /** Question group of every tested row. */
  groups: readonly string[];
  /** Number of labels. */
  labels: number;
}

/**
 * Computes 95 % percentile bootstrap intervals. Draws complete question groups with replacement, because answers to one
 * question are not independent. Labels missing from a draw are left out of its balanced accuracy.
 *
 * @returns null if all tested rows belong to one group, which does not show the spread
 */
export function bootstrapIntervals(tested: TestedRows, samples: number, seed: number): AccuracyIntervals | null {
  const rowsOf = new Map<string, number[]>();
  tested.groups.forEach((group, row) => {
    const rows = rowsOf.get(group);
    if (rows) rows.push(row);
    else rowsOf.set(group, [row]);
  });
  if (rowsOf.size < 2 || samples === 0) return null;
  const groups = [...rowsOf.keys()].sort().map((group) => rowsOf.get(group)!);
  const random = new SeededRandom(seed);
  const support = new Int32Array(tested.labels);
  const correct = new Int32Array(tested.labels);
  const accuracy = allocateFloat64(samples, 'the bootstrap samples');
  const balancedAccuracy = allocateFloat64(samples, 'the bootstrap samples');
  for (let sample = 0; sample < samples; sample++) {
    support.fill(0);
    correct.fill(0);
    for (let draw = 0; draw < groups.length; draw++) {
      for (const row of groups[random.integer(groups.length)]!) {
        const label = tested.actual[row]!;
        support[label]! += 1;
        if (tested.predicted[row] === label) correct[label]! += 1;
      }
    }
    let rows = 0;
    let hits = 0;
    let recalls = 0;
    let present = 0;
    for (let label = 0; label < tested.labels; label++) {
      if (support[label] === 0) continue;
      rows += support[label]!;
      hits += correct[label]!;
      recalls += correct[label]! / support[label]!;
      present += 1;
    }
    accuracy[sample] = hits / rows;
    balancedAccuracy[sample] = recalls / present;
  }
  return { accuracy: percentiles(accuracy), balancedAccuracy: percentiles(balancedAccuracy) };
}

/** Returns the 95 % interval of bootstrap samples. */
export function percentiles(values: Float64Array): Interval {
  const sorted = values.toSorted();
  return { low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
}

/** Interpolates linearly between order statistics. */
function quantile(sorted: Float64Array, q: number): number {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  return sorted[low]! + (sorted[Math.ceil(at)]! - sorted[low]!) * (at - low);
}
