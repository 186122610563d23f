/**
 * How many questions would have been enough? The estimated difference is taken as the true one. Then the statistic T of
 * N groups, |sum_g d_g|^2 / N, has
 *
 *     mean      tr C + (N - 1) |D|^2
 *     variance  2 tr S^2 + 4 N D'SD
 *
 * with D the mean of d_g, C their second moment and S = C - DD' their covariance. With sides swapped at random, the
 * distribution of T hardly depends on N, so the permutations of the data at hand give the threshold. T is taken as
 * normal. All moments are estimated over distinct groups, so that they are unbiased.
 */
import { matmul } from '../native/matmul.js';
import { dot } from './dot.js';
import type { QuestionShifts } from './question-shifts.js';

/** Level at which a difference counts as found. */
export const ALPHA = 0.05;
const POWER = 0.8;
/** Standard normal quantile of POWER. */
const Z_POWER = 0.8416;
/** With fewer groups than this, no p value is below ALPHA: two of 2^N vectors of signs have the largest statistic. */
const MIN_GROUPS = 6;
const MAX_GROUPS = 2 ** 40;

/** The number of questions that would be enough to find the same difference again. */
export interface SufficientQuestions {
  /** Number of questions; null if the estimated difference is 0. */
  questions: number | null;
  /** Chance to find the difference with so many questions. */
  power: number;
  /** Level of the test. */
  alpha: number;
}

/**
 * @param squares |d_g|^2 of every group
 * @param swapped |sum_g s_g d_g|^2 of random swaps
 */
export async function sufficientQuestions(
  data: QuestionShifts,
  squares: Float64Array,
  swapped: Float64Array,
  signal: AbortSignal | undefined,
): Promise<SufficientQuestions> {
  const groups = squares.length;
  const moments = groups < 3 ? undefined : await estimateMoments(data, squares, signal);
  const result = { power: POWER, alpha: ALPHA };
  if (moments === undefined || moments.difference <= 0 || swapped.length === 0) return { questions: null, ...result };
  const threshold = swapped.toSorted()[Math.ceil((1 - ALPHA) * swapped.length) - 1]! / groups;
  const isEnough = (count: number): boolean => {
    const variance = 2 * moments.covarianceSquare + 4 * count * moments.along;
    return moments.trace + (count - 1) * moments.difference - Z_POWER * Math.sqrt(variance) >= threshold;
  };
  let [low, high] = [MIN_GROUPS - 1, MIN_GROUPS];
  while (high < MAX_GROUPS && !isEnough(high)) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  const perGroup = data.sizes.reduce((sum, size) => sum + size, 0) / groups;
  return { questions: Math.ceil(high * perGroup), ...result };
}

interface Moments {
  /** |D|^2 */
  difference: number;
  /** tr C */
  trace: number;
  /** tr S^2 */
  covarianceSquare: number;
  /** D'SD */
  along: number;
}

async function estimateMoments(
  { shifts, dim }: QuestionShifts,
  squares: Float64Array,
  signal: AbortSignal | undefined,
): Promise<Moments> {
  const n = squares.length;
  const second = await matmul(shifts, shifts, dim, dim, n, { transposeA: true, ...(signal && { signal }) });
  const sum = new Float64Array(dim);
  for (let i = 0; i < shifts.length; i++) sum[i % dim]! += shifts[i]!;
  const total = squares.reduce((a, b) => a + b, 0);
  const fourth = squares.reduce((a, b) => a + b ** 2, 0);
  const difference = (dot(sum, sum) - total) / (n * (n - 1));
  const secondSquare = (dot(second, second) - fourth) / (n * (n - 1));
  // D'CD: the products of three distinct groups, <d_g, d_h> <d_h, d_k>.
  const projected = await matmul(shifts, second, n, dim, dim, { ...(signal && { signal }) });
  let triples = 0;
  for (let g = 0; g < n; g++) {
    const own = shifts.subarray(g * dim, (g + 1) * dim);
    const others = dot(own, sum) - squares[g]!;
    triples += others ** 2 - (dot(own, projected.subarray(g * dim, (g + 1) * dim)) - squares[g]! ** 2);
  }
  const cubic = triples / (n * (n - 1) * (n - 2));
  return {
    difference,
    trace: total / n,
    covarianceSquare: Math.max(0, secondSquare - 2 * cubic + difference ** 2),
    along: Math.max(0, cubic - difference ** 2),
  };
}
