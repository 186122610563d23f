import { SeededRandom } from '../core/random.js';

/**
 * Draws `count` rows and returns their numbers in ascending order. Each label gets its share of rows to within one row,
 * and at least one if `count` allows. Rows left by rounding go to the labels with the largest remainders.
 *
 * @param labels label of each row, from 0 to `labelCount` - 1
 * @param count at most the number of rows
 */
export function stratifiedSample(labels: Int32Array, labelCount: number, count: number, seed: number): Int32Array {
  const byLabel: number[][] = Array.from({ length: labelCount }, () => []);
  labels.forEach((label, row) => byLabel[label]!.push(row));
  const quotas = shares(
    byLabel.map((rows) => rows.length),
    count,
  );
  const random = new SeededRandom(seed);
  return Int32Array.from(byLabel.flatMap((rows, label) => random.shuffle(rows).slice(0, quotas[label]))).sort();
}

function shares(sizes: readonly number[], count: number): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const filled = sizes.filter((size) => size > 0).length;
  const least = count >= filled ? 1 : 0;
  const quotas = sizes.map((size) => Math.min(size, Math.max(least, Math.floor((size / total) * count))));
  const remainder = (i: number): number => (sizes[i]! / total) * count - quotas[i]!;
  let missing = count - quotas.reduce((sum, quota) => sum + quota, 0);
  // Minimum quotas can exceed the shares. Then rows are taken back from the labels that exceed their shares most.
  while (missing !== 0) {
    const step = Math.sign(missing);
    let best = -1;
    for (let i = 0; i < sizes.length; i++) {
      const possible = step > 0 ? quotas[i]! < sizes[i]! : quotas[i]! > least;
      if (possible && (best < 0 || step * remainder(i) > step * remainder(best))) best = i;
    }
    quotas[best]! += step;
    missing -= step;
  }
  return quotas;
}
