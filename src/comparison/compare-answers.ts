import { EngineError } from '../core/errors.js';
import { expectCallback, expectInteger, expectOneOf, expectOptions, expectSignal } from '../core/validate.js';
import { type ClassifierAccuracy, classifierAccuracy } from './classifier-accuracy.js';
import { type MarkingPhrase, markingPhrases } from './marking-phrases.js';
import { type MeanDifference, meanDifference } from './mean-difference.js';
import {
  type AnswerSide,
  expectSide,
  type PairedAnswers,
  type PairWithin,
  pairAnswers,
  tooFewQuestions,
} from './paired-answers.js';
import { type QuestionDifference, questionDifferences } from './question-differences.js';
import { questionShifts } from './question-shifts.js';

/** Steps of a comparison: units of the progress are draws, folds, questions and answers. */
export type ComparisonStep = 'swap' | 'classify' | 'questions' | 'phrases';

/** Options of the tests that `compareAnswers` and `compareAll` share. */
export interface PairTestOptions {
  /** Width of all embeddings. */
  dim: number;
  /** Pairs only answers with the same language, or the same model. @default answers with the same question */
  within?: PairWithin | undefined;
  /** Random swaps of the permutation tests, at least 1. @default 2000 */
  draws?: number | undefined;
  /** Bootstrap samples of the intervals; 0 for no intervals. @default 1000 */
  bootstrapSamples?: number | undefined;
  /** Parts of the questions; the classifier is tested on each and fitted on the others. At least 2. @default 5 */
  folds?: number | undefined;
  /** Decides all random numbers; the same seed gives the same result. @default 1 */
  seed?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Options of `compareAnswers`. */
export interface CompareOptions extends PairTestOptions {
  /** Phrases to report for each side. @default 25 */
  phrases?: number | undefined;
  /** Receives the step, the number of its units that are done, and their total. */
  onProgress?: ((step: ComparisonStep, done: number, total: number) => void) | undefined;
}

/** Whether and how much two sides differ. */
export interface PairTest {
  names: readonly [string, string];
  /** Number of questions that both sides answered. Only these count. */
  questions: number;
  /** Number of groups of questions that are independent of each other. */
  groups: number;
  /** Number of answers of each side that count. */
  answers: number;
  /** Answers of each side that have no partner. */
  leftOut: readonly [number, number];
  difference: MeanDifference;
  classifier: ClassifierAccuracy;
}

/** How two sides differ: see `compareAnswers`. */
export interface Comparison extends PairTest {
  /** Whether some language occurs on both sides. If not, the sides may differ in every word. */
  sharesLanguage: boolean;
  /**
   * Whether at least half of the questions have several answers of each side. If so, `questionDifferences` is in the
   * order of `excess`, otherwise of `apart`.
   */
  hasSamples: boolean;
  /** All questions, those with the largest difference first. */
  questionDifferences: QuestionDifference[];
  /** Phrases that mark the answers of A and those of B, best first. */
  phrases: readonly [MarkingPhrase[], MarkingPhrase[]];
}

/** Names of {@link PairTestOptions}, to reject unknown ones. */
export const TEST_OPTIONS = ['dim', 'within', 'draws', 'bootstrapSamples', 'folds', 'seed', 'signal'] as const;

/**
 * Compares the answers of two sides to the same questions: whether they differ at all, in which questions, and which
 * phrases mark each. Swaps, intervals and folds keep all answers to a question, and all questions of a group, together.
 *
 * A difference can lie in wording or in content; this function does not separate the two.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`; `ERR_NON_FINITE` naming the row;
 *   `ERR_DATA` if both sides answered fewer than two groups of questions; `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function compareAnswers(a: AnswerSide, b: AnswerSide, options: CompareOptions): Promise<Comparison> {
  const given = expectOptions(options, 'options', [...TEST_OPTIONS, 'phrases', 'onProgress']) as CompareOptions;
  const settings = resolveTestOptions(given);
  const wanted = expectInteger(given.phrases ?? 25, 'phrases', 0);
  const onProgress = expectCallback(given.onProgress, 'onProgress');
  const paired = pairAnswers([expectSide(a, 'a', settings.dim), expectSide(b, 'b', settings.dim)], settings);
  if (a.name === b.name) throw sameSide(a.name);
  if (paired.groups.length < 2) throw tooFewQuestions(paired, settings.within);

  const report = (step: ComparisonStep, total: number) => (done: number) => onProgress?.(step, done, total);
  const test = await testPair(paired, settings, report);
  const { differences, hasSamples } = await questionDifferences(paired, {
    ...settings,
    onProgress: report('questions', paired.questions.length),
  });
  const phrases = await markingPhrases(paired, {
    phrases: wanted,
    signal: settings.signal,
    onProgress: report('phrases', 2 * paired.answers),
  });
  const languages = new Set(a.records.map(({ lang }) => lang));
  const sharesLanguage = b.records.some(({ lang }) => languages.has(lang));
  return { ...test, sharesLanguage, hasSamples, questionDifferences: differences, phrases };
}

/** Creates the error of a side that is compared with itself. */
export function sameSide(name: string): EngineError {
  return new EngineError('ERR_ARG_RANGE', `Expected two different sides, got ${JSON.stringify(name)} twice`);
}

export type ResolvedTestOptions = ReturnType<typeof resolveTestOptions>;

export function resolveTestOptions(options: PairTestOptions) {
  const { within, draws = 2000, bootstrapSamples = 1000, folds = 5, seed = 1 } = options;
  return {
    dim: expectInteger(options.dim, 'dim', 1),
    within: within === undefined ? undefined : expectOneOf(within, 'within', ['lang', 'model']),
    draws: expectInteger(draws, 'draws', 1, 1_000_000),
    bootstrapSamples: expectInteger(bootstrapSamples, 'bootstrapSamples', 0, 100_000),
    folds: expectInteger(folds, 'folds', 2, 1000),
    seed: expectInteger(seed, 'seed', 0),
    signal: expectSignal(options.signal, 'signal'),
  };
}

/** Tests and estimates the difference of two sides. */
export async function testPair(
  paired: PairedAnswers,
  options: ResolvedTestOptions,
  report?: (step: 'swap' | 'classify', total: number) => (done: number) => void,
): Promise<PairTest> {
  const { sides, questions, groups, answers, leftOut } = paired;
  return {
    names: [sides[0].name, sides[1].name],
    questions: questions.length,
    groups: groups.length,
    answers,
    leftOut,
    difference: await meanDifference(questionShifts(paired), {
      ...options,
      onProgress: report?.('swap', options.draws),
    }),
    classifier: await classifierAccuracy(paired, { ...options, onProgress: report?.('classify', options.folds) }),
  };
}
