/**
 * Do two sides differ? The statistic is the distance between the mean embeddings of the two sides, each question with
 * equal weight. With d_g the difference of group g (see question-shifts.ts), swapping the two sides of a group changes
 * the sign of d_g and nothing else. So a permutation is a vector of signs s, and its statistic is |sum_g s_g d_g|.
 */
import { allocateFloat32 } from '../core/allocate.js';
import { SeededRandom } from '../core/random.js';
import { type Interval, percentiles } from '../evaluation/bootstrap.js';
import { matmul } from '../native/matmul.js';
import type { QuestionShifts } from './question-shifts.js';
import { type SufficientQuestions, sufficientQuestions } from './sufficient-questions.js';

/** Draws that are multiplied at a time, so that memory is bounded. */
const CHUNK = 256;
/** Statistics of equal draws differ by rounding. */
const TIE = 1e-5;
/** Fewer groups do not show the spread. */
const MIN_GROUPS = 3;

/** The distance between the means of two sides, and the result of its permutation test. */
export interface MeanDifference {
  /**
   * Estimated distance between the mean embeddings. The noise of a finite number of questions is subtracted, so that
   * the estimate is near 0 without a difference, and does not depend on the number of questions.
   */
  distance: number;
  /** 95 % percentile interval; the bootstrap draws groups of questions. Null with fewer than three groups. */
  interval: Interval | null;
  /** Square of `distance` as a share of the mean squared distance between two answers to the same question, 0 to 1. */
  share: number;
  /** (1 + hits) / (1 + draws): how often sides swapped at random lie as far apart. */
  p: number;
  draws: number;
  sufficient: SufficientQuestions;
}

export interface MeanDifferenceOptions {
  draws: number;
  bootstrapSamples: number;
  seed: number;
  signal: AbortSignal | undefined;
  /** Receives the number of finished draws. */
  onProgress?: ((draws: number) => void) | undefined;
}

/**
 * Tests and estimates the difference of means. The estimate of the squared distance is the mean of <d_g, d_h> over
 * distinct groups g and h, in which noise has mean 0.
 *
 * @throws EngineError `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function meanDifference(
  data: QuestionShifts,
  { draws, bootstrapSamples, seed, signal, onProgress }: MeanDifferenceOptions,
): Promise<MeanDifference> {
  const { sizes } = data;
  const squares = squaredLengths(data);
  // Both kinds of draws have generators of their own, so that the number of one does not change the other.
  const signs = new Signs(SeededRandom.stream(seed, 0));
  const [observed, ...swapped] = await squaredSums(data, draws + 1, signal, (weights, draw) => {
    if (draw === 0) weights.fill(1);
    else signs.fill(weights);
    if (draw % CHUNK === 0) onProgress?.(draw);
  });
  const hits = swapped.filter((square) => square >= observed! * (1 - TIE)).length;
  const all = new Float32Array(sizes.length).fill(1);
  const square = (observed! - ownProducts(all, squares)) / pairsOf(all, sizes);
  return {
    distance: root(square),
    interval: await bootstrap(data, squares, bootstrapSamples, SeededRandom.stream(seed, 1), signal),
    share: data.meanSquare === 0 ? 0 : Math.min(1, Math.max(0, square) / data.meanSquare),
    p: (1 + hits) / (1 + draws),
    draws,
    sufficient: await sufficientQuestions(data, squares, Float64Array.from(swapped), signal),
  };
}

async function bootstrap(
  data: QuestionShifts,
  squares: Float64Array,
  samples: number,
  random: SeededRandom,
  signal: AbortSignal | undefined,
): Promise<Interval | null> {
  const groups = squares.length;
  if (groups < MIN_GROUPS || samples === 0) return null;
  const own = new Float64Array(samples);
  const pairs = new Float64Array(samples);
  const sums = await squaredSums(data, samples, signal, (weights, draw) => {
    do {
      weights.fill(0);
      for (let i = 0; i < groups; i++) weights[random.integer(groups)]! += 1;
      pairs[draw] = pairsOf(weights, data.sizes);
    } while (pairs[draw] === 0); // the same group every time
    own[draw] = ownProducts(weights, squares);
  });
  return percentiles(Float64Array.from(sums, (sum, draw) => root((sum - own[draw]!) / pairs[draw]!)));
}

function root(square: number): number {
  return Math.sqrt(Math.max(0, square));
}

/** Returns |d_g|^2 of every group. */
function squaredLengths({ shifts, sizes, dim }: QuestionShifts): Float64Array {
  return sizes.map((_, group) =>
    shifts.subarray(group * dim, (group + 1) * dim).reduce((sum, entry) => sum + entry ** 2, 0),
  );
}

/** Returns the sum of w_g^2 |d_g|^2, the part of |sum_g w_g d_g|^2 that is noise. */
function ownProducts(weights: Float32Array, squares: Float64Array): number {
  return squares.reduce((sum, square, g) => sum + weights[g]! ** 2 * square, 0);
}

/** Returns the number of pairs of questions in distinct groups, both orders, with groups counted by their weights. */
function pairsOf(weights: Float32Array, sizes: Float64Array): number {
  let questions = 0;
  let own = 0;
  for (let g = 0; g < sizes.length; g++) {
    const count = weights[g]! * sizes[g]!;
    questions += count;
    own += count ** 2;
  }
  return questions ** 2 - own;
}

/**
 * Computes |sum_g w_g d_g|^2 for many vectors of weights w.
 *
 * @param fill sets the weights of one draw
 */
async function squaredSums(
  { shifts, sizes, dim }: QuestionShifts,
  draws: number,
  signal: AbortSignal | undefined,
  fill: (weights: Float32Array, draw: number) => void,
): Promise<Float64Array> {
  const groups = sizes.length;
  const result = new Float64Array(draws);
  const weights = allocateFloat32(Math.min(CHUNK, draws) * groups, 'the draws');
  for (let first = 0; first < draws; first += CHUNK) {
    const count = Math.min(CHUNK, draws - first);
    for (let i = 0; i < count; i++) fill(weights.subarray(i * groups, (i + 1) * groups), first + i);
    const sums = await matmul(weights.subarray(0, count * groups), shifts, count, dim, groups, {
      ...(signal && { signal }),
    });
    for (let i = 0; i < count; i++)
      result[first + i] = sums.subarray(i * dim, (i + 1) * dim).reduce((sum, entry) => sum + entry ** 2, 0);
  }
  return result;
}

/** Random signs, 32 from one number. */
class Signs {
  constructor(private readonly random: SeededRandom) {}

  fill(weights: Float32Array): void {
    let bits = 0;
    for (let g = 0; g < weights.length; g++) {
      if (g % 32 === 0) bits = this.random.integer(2 ** 32);
      weights[g] = bits & 1 ? 1 : -1;
      bits >>>= 1;
    }
  }
}
