/**
 * Computes the figures of a classification from its confusion table, defined as in scikit-learn with zero for 0 / 0.
 */

/** Counts by actual label (outer index) and predicted label (inner index). */
export type Confusion = number[][];

export interface LabelMetrics {
  /** Number of rows with this label. */
  support: number;
  /** Number of rows predicted to have this label. */
  predicted: number;
  /** Number of rows with this label that are predicted correctly. */
  correct: number;
  precision: number;
  recall: number;
  f1: number;
}

export interface Metrics {
  /** Share of rows predicted correctly. */
  accuracy: number;
  /** Mean recall over the labels that have rows. */
  balancedAccuracy: number;
  /** Mean over the labels, weighted by their rows. */
  weightedPrecision: number;
  weightedRecall: number;
  weightedF1: number;
  perLabel: LabelMetrics[];
}

/**
 * @param actual label index of every row
 * @param predicted predicted label index of every row
 * @param labels number of labels
 */
export function countConfusion(actual: Int32Array, predicted: Int32Array, labels: number): Confusion {
  const counts = Array.from({ length: labels }, () => new Array<number>(labels).fill(0));
  actual.forEach((label, row) => (counts[label]![predicted[row]!]! += 1));
  return counts;
}

/** Computes every figure of a confusion table that counts at least one row. */
export function computeMetrics(confusion: Confusion): Metrics {
  const perLabel = confusion.map((counts, label) => {
    const support = sum(counts);
    const predicted = sum(confusion.map((row) => row[label]!));
    const correct = counts[label]!;
    return {
      support,
      predicted,
      correct,
      precision: ratio(correct, predicted),
      recall: ratio(correct, support),
      f1: ratio(2 * correct, support + predicted),
    };
  });
  const tested = perLabel.filter(({ support }) => support > 0);
  const rows = sum(tested.map(({ support }) => support));
  const weighted = (figure: 'precision' | 'recall' | 'f1'): number =>
    ratio(sum(tested.map((label) => label.support * label[figure])), rows);
  return {
    accuracy: ratio(sum(perLabel.map(({ correct }) => correct)), rows),
    balancedAccuracy: ratio(sum(tested.map(({ recall }) => recall)), tested.length),
    weightedPrecision: weighted('precision'),
    weightedRecall: weighted('recall'),
    weightedF1: weighted('f1'),
    perLabel,
  };
}

/**
 * Merges labels of a confusion table, for example value ids into languages.
 *
 * @param groupOf the coarser label of each label
 * @returns the coarser labels, sorted, and their table
 */
export function mergeConfusion(
  confusion: Confusion,
  groupOf: readonly string[],
): { labels: string[]; counts: Confusion } {
  const labels = [...new Set(groupOf)].sort();
  const position = groupOf.map((group) => labels.indexOf(group));
  const counts = labels.map(() => labels.map(() => 0));
  confusion.forEach((row, i) => row.forEach((count, j) => (counts[position[i]!]![position[j]!]! += count)));
  return { labels, counts };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
