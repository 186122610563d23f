/**
 * Permutation tests of pairs by a statistic that is a quadratic form of the signs: a swap of pair i changes the sign
 * s_i, and the statistic is the sum of s_i s_j K_ij.
 */
import type { SeededRandom } from '../../src/core/random.js';

/** Returns the matrix K for the vectors of both sides, in pairs. */
export type Kernel = (a: readonly Float32Array[], b: readonly Float32Array[]) => number[][];

/** The squared length of the difference of means, as in src/comparison/mean-difference.ts. */
export const differenceOfMeans: Kernel = (a, b) => {
  const differences = a.map((vector, i) => vector.map((entry, column) => entry - b[i]![column]!));
  return differences.map((x) => differences.map((y) => x.reduce((sum, entry, i) => sum + entry * y[i]!, 0)));
};

/** The energy distance. */
export const energyDistance: Kernel = (a, b) =>
  a.map((_, i) =>
    a.map((__, j) =>
      i === j ? 0 : distance(a[i]!, b[j]!) + distance(b[i]!, a[j]!) - distance(a[i]!, a[j]!) - distance(b[i]!, b[j]!),
    ),
  );

function distance(x: Float32Array, y: Float32Array): number {
  return Math.sqrt(x.reduce((sum, entry, i) => sum + (entry - y[i]!) ** 2, 0));
}

/** Returns the p value of `swaps` random swaps. */
export function swapTest(kernel: readonly number[][], swaps: number, random: SeededRandom): number {
  const statistic = (signs: readonly number[]): number =>
    kernel.reduce((sum, row, i) => sum + signs[i]! * row.reduce((own, entry, j) => own + signs[j]! * entry, 0), 0);
  const observed = statistic(kernel.map(() => 1));
  let hits = 0;
  for (let swap = 0; swap < swaps; swap++)
    if (statistic(kernel.map(() => 1 - 2 * random.integer(2))) >= observed - 1e-9) hits++;
  return (1 + hits) / (1 + swaps);
}
