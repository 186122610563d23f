/**
 * Is one build slower than the other? The evidence comes in blocks: a block is from a pair of processes, one per
 * build, and holds the log-ratios ln(head / base) of its rounds. Rounds of a block share the random conditions of a
 * process (addresses, pages, threads on cores), which alone shift a time by several percent. So blocks, not rounds, are
 * the independent observations.
 *
 * The interval comes from a bootstrap over blocks. Rounds are not resampled within a block: the spread of the blocks'
 * medians already contains their noise, and a second stage would count it twice (Davison and Hinkley, Bootstrap
 * Methods, 1997, section 3.8). It is widened for two reasons. First, a bootstrap over n blocks is too narrow by sqrt((n
 * - 1) / n) and by the normal instead of the Student quantile (Hesterberg, arXiv 1411.5279). Second, several looks at
 * growing evidence give chance several opportunities. Each look spends an equal part of the 1 %, so that all intervals
 * together hold with 99 %.
 */
import { SeededRandom } from './random.js';

/** Log-ratios of the rounds of one pair of processes. */
export type Block = readonly number[];

export interface Interval {
  low: number;
  high: number;
}

export interface Estimate extends Interval {
  /** Mean over blocks of the median over rounds. */
  center: number;
}

export type Verdict = 'slower' | 'not slower' | 'undecided';

/**
 * Numbers of blocks at which the evidence is evaluated, and the Student quantile of 1 - 0.01 / (2 * looks) =
 * 0.999444 with blocks - 1 degrees of freedom. The first look is for benchmarks that counting decides, the
 * last ones for true changes of a few percent beyond the threshold.
 */
export const LOOKS = [
  { blocks: 3, student: 29.975 },
  { blocks: 4, student: 12.4715 },
  { blocks: 6, student: 6.7126 },
  { blocks: 9, student: 4.957 },
  { blocks: 13, student: 4.2582 },
  { blocks: 18, student: 3.9165 },
  { blocks: 26, student: 3.6836 },
  { blocks: 36, student: 3.5534 },
  { blocks: 52, student: 3.4567 },
] as const;

/** Number of bootstrap samples, and the tail that the interval cuts off: the 20th of 4,000 from either end. */
const DRAWS = 4000;
const TAIL = 0.005;
const NORMAL_QUANTILE = 2.5758; // of 1 - TAIL

/** Interpolates linearly between order statistics. */
export function quantile(values: ArrayLike<number>, q: number): number {
  const sorted = Float64Array.from(values).sort(); // numeric, and many times faster than with a comparison function
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}

/**
 * The two samples of a build in a round are summarised by this quantile of all their iterations. Other work on the
 * machine can only add time. It can affect one entire sample, but probably not both.
 */
const LOW_QUANTILE = 0.05;

/** Returns the time of a contender in a round, from the seconds of all its iterations. */
export function lowTime(seconds: readonly number[]): number {
  return quantile(seconds, LOW_QUANTILE);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Returns the number of blocks at the next look after `blocks` blocks, or undefined after the last. */
export function nextLook(blocks: number): number | undefined {
  return LOOKS.find((look) => look.blocks > blocks)?.blocks;
}

/**
 * Computes estimate and interval at a look.
 *
 * @param blocks their number must be one of {@link LOOKS}
 */
export function estimate(blocks: readonly Block[], seed = 1): Estimate {
  const look = LOOKS.find((candidate) => candidate.blocks === blocks.length);
  if (!look) throw new RangeError(`No look is planned for ${blocks.length} blocks`);
  const medians = blocks.map(median);
  const center = mean(medians);
  const random = new SeededRandom(seed);
  const draws = new Float64Array(DRAWS).map(() => meanOfDraws(medians, random));
  const widening = Math.sqrt(blocks.length / (blocks.length - 1)) * (look.student / NORMAL_QUANTILE);
  // Samples of a few values cannot reach far into the tails, so the interval is at least Student's.
  const least = look.student * standardError(medians, center);
  return {
    center,
    low: center - Math.max(least, (center - quantile(draws, TAIL)) * widening),
    high: center + Math.max(least, (quantile(draws, 1 - TAIL) - center) * widening),
  };
}

function meanOfDraws(values: readonly number[], random: SeededRandom): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[random.integer(values.length)]!;
  return sum / values.length;
}

/** Returns the standard error of the mean. */
function standardError(values: readonly number[], center: number): number {
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/** @param threshold share, 0.07 for 7 % */
export function judge(interval: Interval, threshold: number): Verdict {
  const limit = Math.log1p(threshold);
  if (interval.low > limit) return 'slower';
  return interval.high < limit ? 'not slower' : 'undecided';
}
