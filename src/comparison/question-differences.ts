/** Where do two sides differ? Compares the answers to each question. */
import { throwIfAborted } from '../core/abort.js';
import { SeededRandom } from '../core/random.js';
import { adjustPValues } from './false-discovery.js';
import type { PairedAnswers, PairedQuestion } from './paired-answers.js';

/** Questions between two turns of the event loop. */
const QUESTIONS_PER_TURN = 64;
/** Random stream of the first question. Other steps use the lower numbers. */
const FIRST_STREAM = 4;
/** If a question has more samples of each side than this, only the first ones are compared. */
const MAX_SAMPLES = 50;

/** How much two sides differ in their answers to one question. */
export interface QuestionDifference {
  qid: string;
  question: string;
  /** Group of the question, if it is one of several. */
  group: string;
  /** Number of answers of each side. */
  samples: number;
  /** Mean distance between an answer of side A and an answer of side B. */
  apart: number;
  /** Mean distance between two answers of one side, averaged over the sides; null with one answer of each. */
  within: number | null;
  /**
   * `apart - within`: how much farther apart the sides are than two samples of one side. It is half of the energy
   * distance between the answers of the sides, and near 0 without a difference. Null with one answer of each side.
   */
  excess: number | null;
  /**
   * How often the answers, dealt to the sides at random, lie as far apart. All ways to deal them are tried if they are
   * no more than `draws`. Null with one answer of each side.
   */
  p: number | null;
  /** `p` adjusted for the number of questions (Benjamini and Hochberg); null if `p` is. */
  adjustedP: number | null;
  /** For each side the answer that lies nearest to the mean of its side. */
  answers: readonly [string, string];
}

export interface QuestionDifferenceOptions {
  draws: number;
  seed: number;
  signal: AbortSignal | undefined;
  /** Receives the number of finished questions. */
  onProgress?: ((questions: number) => void) | undefined;
}

/**
 * Compares the answers question by question.
 *
 * @returns all questions, and whether at least half of them have several answers of each side. If so, they are in the
 *   order of descending `excess`, otherwise of descending `apart`, because one answer cannot show how far two samples
 *   of a side are apart
 * @throws EngineError `ERR_ABORTED`
 */
export async function questionDifferences(
  paired: PairedAnswers,
  { draws, seed, signal, onProgress }: QuestionDifferenceOptions,
): Promise<{ differences: QuestionDifference[]; hasSamples: boolean }> {
  const differences: QuestionDifference[] = [];
  for (const [i, question] of paired.questions.entries()) {
    if (i % QUESTIONS_PER_TURN === 0) {
      onProgress?.(i);
      await new Promise((resolve) => void setImmediate(resolve));
    }
    throwIfAborted(signal, 'The comparison was aborted');
    differences.push(compareQuestion(paired, question, draws, SeededRandom.stream(seed, FIRST_STREAM + i)));
  }
  const tested = differences.filter(({ p }) => p !== null);
  const adjusted = adjustPValues(tested.map(({ p }) => p!));
  tested.forEach((difference, i) => (difference.adjustedP = adjusted[i]!));
  const hasSamples = 2 * tested.length >= differences.length;
  // Questions with one answer of each side come last if most have several.
  const by = ({ excess, apart }: QuestionDifference): number => (hasSamples ? (excess ?? -Infinity) : apart);
  differences.sort((a, b) => by(b) - by(a) || b.apart - a.apart || (a.qid < b.qid ? -1 : 1));
  return { differences, hasSamples };
}

function compareQuestion(
  { sides, dim, groups }: PairedAnswers,
  { rows, group }: PairedQuestion,
  draws: number,
  random: SeededRandom,
): QuestionDifference {
  const samples = rows[0].length;
  const shown = ([0, 1] as const).map((side) => {
    const { embeddings, records } = sides[side];
    return records[nearestToMean(embeddings, rows[side], dim)]!;
  });
  const used = rows.map((own) => own.slice(0, MAX_SAMPLES));
  const vectors = used.flatMap((own, side) =>
    own.map((row) => sides[side as 0 | 1].embeddings.subarray(row * dim, (row + 1) * dim)),
  );
  const distances = pairwiseDistances(vectors);
  const { apart, within } = meanDistances(distances, vectors.length / 2);
  return {
    qid: shown[0]!.qid,
    question: shown[0]!.question,
    group: groups[group]!,
    samples,
    apart,
    within,
    excess: within === null ? null : apart - within,
    p: within === null ? null : dealtApart(distances, vectors.length / 2, draws, random),
    adjustedP: null,
    answers: [shown[0]!.answer, shown[1]!.answer],
  };
}

function nearestToMean(embeddings: Float32Array, rows: readonly number[], dim: number): number {
  if (rows.length < 3) return rows[0]!;
  const mean = new Float64Array(dim);
  for (const row of rows) for (let i = 0; i < dim; i++) mean[i]! += embeddings[row * dim + i]! / rows.length;
  const distances = rows.map((row) => euclidean(embeddings.subarray(row * dim, (row + 1) * dim), mean));
  return rows[distances.indexOf(Math.min(...distances))]!;
}

function euclidean(a: Float32Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}

function pairwiseDistances(vectors: readonly Float32Array[]): Float64Array[] {
  const distances = vectors.map(() => new Float64Array(vectors.length));
  for (let i = 0; i < vectors.length; i++)
    for (let j = 0; j < i; j++) distances[i]![j] = distances[j]![i] = euclidean(vectors[i]!, vectors[j]!);
  return distances;
}

/** Mean distances between and within the first and the last `samples` rows. */
function meanDistances(distances: readonly Float64Array[], samples: number): { apart: number; within: number | null } {
  let between = 0;
  let inside = 0;
  for (let i = 0; i < 2 * samples; i++) {
    for (let j = 0; j < i; j++) {
      if (i < samples === j < samples) inside += distances[i]![j]!;
      else between += distances[i]![j]!;
    }
  }
  return { apart: between / samples ** 2, within: samples === 1 ? null : inside / (samples * (samples - 1)) };
}

/**
 * Permutation test of one question. The sum of all distances does not change, so sides are farther apart exactly if the
 * sum of distances between them is larger.
 */
function dealtApart(distances: readonly Float64Array[], samples: number, draws: number, random: SeededRandom): number {
  const rows = 2 * samples;
  const between = (isFirst: Uint8Array): number => {
    let sum = 0;
    for (let i = 0; i < rows; i++)
      if (isFirst[i]) for (let j = 0; j < rows; j++) if (!isFirst[j]) sum += distances[i]![j]!;
    return sum;
  };
  const observed = between(Uint8Array.from({ length: rows }, (_, i) => (i < samples ? 1 : 0))) * (1 - 1e-12);
  let hits = 0;
  let dealt = 0;
  const count = (isFirst: Uint8Array): void => {
    dealt += 1;
    if (between(isFirst) >= observed) hits += 1;
  };
  if (waysToDeal(samples) <= draws) {
    deal(new Uint8Array(rows), 0, samples, count);
    return hits / dealt;
  }
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  for (let draw = 0; draw < draws; draw++) {
    const isFirst = new Uint8Array(rows);
    for (const row of random.shuffle(order).subarray(0, samples)) isFirst[row] = 1;
    count(isFirst);
  }
  return (1 + hits) / (1 + dealt);
}

/** Returns the smallest p value that a question with so many answers of each side can have. */
export function smallestP(samples: number): number {
  return 2 / waysToDeal(samples); // swapping the sides gives the same distances
}

/** Number of ways to deal 2 n answers to two sides of n, or a number above any limit of draws. */
function waysToDeal(samples: number): number {
  let ways = 1;
  for (let i = 1; i <= samples && ways < 2 ** 40; i++) ways = (ways * (samples + i)) / i;
  return ways;
}

/** Calls `use` with every way to mark `left` of the rows from `at` on. */
function deal(isFirst: Uint8Array, at: number, left: number, use: (isFirst: Uint8Array) => void): void {
  if (left === 0) {
    use(isFirst);
    return;
  }
  if (isFirst.length - at < left) return;
  isFirst[at] = 1;
  deal(isFirst, at + 1, left - 1, use);
  isFirst[at] = 0;
  deal(isFirst, at + 1, left, use);
}
