/** Logistic regression on a few features. */

/** Log odds = bias + weights . features. */
export interface Logistic {
  weights: number[];
  bias: number;
}

const MAX_ITERATIONS = 50;
/** Weight decay of standardised features, as a share of the examples. */
const DECAY = 1e-2;
/** Smaller deviations are noise, which must not be scaled up. */
const MIN_DEVIATION = 0.05;

export function logOdds({ weights, bias }: Logistic, features: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * features[i]!, bias);
}

/**
 * Fits the log odds of the positives by Newton's method. Both sides have equal weight, whatever their numbers.
 *
 * @param positives features of at least one example, and of `negatives` as well
 */
export function fitLogistic(positives: readonly number[][], negatives: readonly number[][]): Logistic {
  const dim = positives[0]!.length;
  const all = [...positives, ...negatives];
  const means = Array.from({ length: dim }, (_, j) => all.reduce((sum, row) => sum + row[j]!, 0) / all.length);
  const deviations = means.map((mean, j) =>
    Math.max(Math.sqrt(all.reduce((sum, row) => sum + (row[j]! - mean) ** 2, 0) / all.length), MIN_DEVIATION),
  );
  const examples = [positives, negatives].flatMap((rows, side) =>
    rows.map((row) => ({
      x: [...row.map((value, j) => (value - means[j]!) / deviations[j]!), 1],
      y: 1 - side,
      weight: 0.5 / rows.length,
    })),
  );
  const solution = new Array<number>(dim + 1).fill(0);
  for (let i = 0; i < MAX_ITERATIONS; i++) {
    const gradient = solution.map((value, j) => (j < dim ? DECAY * value : 0));
    const hessian = solution.map((_, j) => solution.map((_, k) => (j === k && j < dim ? DECAY : 0)));
    for (const { x, y, weight } of examples) {
      const p = 1 / (1 + Math.exp(-x.reduce((sum, value, j) => sum + value * solution[j]!, 0)));
      for (let j = 0; j <= dim; j++) {
        gradient[j]! += weight * (p - y) * x[j]!;
        for (let k = 0; k <= dim; k++) hessian[j]![k]! += weight * Math.max(p * (1 - p), 1e-9) * x[j]! * x[k]!;
      }
    }
    const step = solveLinear(hessian, gradient);
    step.forEach((value, j) => (solution[j]! -= value));
    if (Math.max(...step.map(Math.abs)) < 1e-9) break;
  }
  const weights = deviations.map((deviation, j) => solution[j]! / deviation);
  return { weights, bias: solution[dim]! - weights.reduce((sum, weight, j) => sum + weight * means[j]!, 0) };
}

/** Solves a small symmetric positive definite system by Gaussian elimination. */
function solveLinear(matrix: readonly number[][], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  rows.forEach((pivot, i) => {
    for (const row of rows.slice(i + 1)) {
      const factor = row[i]! / pivot[i]!;
      for (let j = i; j < row.length; j++) row[j]! -= factor * pivot[j]!;
    }
  });
  const solution = new Array<number>(right.length).fill(0);
  for (let i = rows.length - 1; i >= 0; i--) {
    const known = solution.reduce((sum, value, j) => (j > i ? sum + rows[i]![j]! * value : sum), 0);
    solution[i] = (rows[i]!.at(-1)! - known) / rows[i]![i]!;
  }
  return solution;
}
