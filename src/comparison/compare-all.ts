import { expectArray, expectCallback, expectOptions, fail } from '../core/validate.js';
import { averageLinkage, leafOrder, type Merge } from './average-linkage.js';
import {
  type PairTest,
  type PairTestOptions,
  resolveTestOptions,
  sameSide,
  TEST_OPTIONS,
  testPair,
} from './compare-answers.js';
import { adjustPValues } from './false-discovery.js';
import { type AnswerSide, countsOf, expectSide, noCommonQuestion, pairAnswers } from './paired-answers.js';

/** Options of `compareAll`. */
export interface CompareAllOptions extends PairTestOptions {
  /** Receives the number of pairs that are done, and their total. */
  onProgress?: ((pairs: number, total: number) => void) | undefined;
}

/** The comparison of one pair of sides. */
export interface MatrixEntry extends PairTest {
  /** Positions of the two sides, the smaller one first. */
  sides: readonly [number, number];
  /** `difference.p` adjusted for the number of pairs (Benjamini and Hochberg). */
  adjustedP: number;
}

/** The comparisons of all pairs of sides, and the tree of the sides. */
export interface ComparisonMatrix {
  names: string[];
  /** One entry per pair of sides that answered at least two common questions. */
  pairs: MatrixEntry[];
  /** Pairs without common questions. In the clustering, their distance is the mean of all others. */
  missing: (readonly [number, number])[];
  /** Tree of the sides by the distance of their means, with average linkage. */
  merges: Merge[];
  /** Positions of the sides in the order of the leaves of the tree. */
  order: number[];
}

/**
 * Compares all pairs of sides, and clusters the sides by the distance of their means. Every pair counts the questions
 * that these two answered.
 *
 * @param sides at least two, with different names
 * @throws EngineError like `compareAnswers`; `ERR_DATA` if no pair has two common questions
 */
export async function compareAll(sides: readonly AnswerSide[], options: CompareAllOptions): Promise<ComparisonMatrix> {
  const { onProgress, ...given } = expectOptions(options, 'options', [
    ...TEST_OPTIONS,
    'onProgress',
  ]) as CompareAllOptions;
  const settings = resolveTestOptions(given);
  expectCallback(onProgress, 'onProgress');
  expectArray(sides, 'sides', (side, name) => expectSide(side, name, settings.dim));
  if (sides.length < 2) fail('ERR_ARG_RANGE', 'at least two sides', 'sides', sides);
  const names = sides.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw sameSide(twice);
  const tests: Omit<MatrixEntry, 'adjustedP'>[] = [];
  const missing: (readonly [number, number])[] = [];
  const total = (sides.length * (sides.length - 1)) / 2;
  for (let a = 0; a < sides.length; a++) {
    for (let b = a + 1; b < sides.length; b++) {
      onProgress?.(tests.length + missing.length, total);
      const paired = pairAnswers([sides[a]!, sides[b]!], settings);
      if (paired.groups.length < 2) missing.push([a, b]);
      else tests.push({ sides: [a, b], ...(await testPair(paired, settings)) });
    }
  }
  if (tests.length === 0) throw noCommonQuestion(sides.map((side) => countsOf(side)));
  const adjusted = adjustPValues(tests.map(({ difference }) => difference.p));
  const pairs = tests.map((test, i): MatrixEntry => ({ ...test, adjustedP: adjusted[i]! }));
  const merges = averageLinkage(sides.length, distancesOf(sides.length, pairs));
  return { names, pairs, missing, merges, order: leafOrder(sides.length, merges) };
}

function distancesOf(sides: number, pairs: readonly MatrixEntry[]): (a: number, b: number) => number {
  const mean = pairs.reduce((sum, { difference }) => sum + difference.distance / pairs.length, 0);
  const distances = new Float64Array(sides * sides).fill(mean);
  for (const {
    sides: [a, b],
    difference,
  } of pairs) {
    distances[a * sides + b] = difference.distance;
    distances[b * sides + a] = difference.distance;
  }
  return (a, b) => distances[a * sides + b]!;
}
