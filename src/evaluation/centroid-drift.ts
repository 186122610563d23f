/**
 * Distances between sets of answers in the value space: Euclidean distances between the means of their embeddings
 * (UniVaR, appendix G), with bootstrap intervals over questions.
 */
import { allocateFloat64 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import { SeededRandom } from '../core/random.js';
import {
  expectArray,
  expectInteger,
  expectMatrix,
  expectObject,
  expectString,
  expectStrings,
} from '../core/validate.js';
import { type Interval, percentiles } from './bootstrap.js';

/** Limit of the bootstrap samples. More would not change any digit that is shown. */
const MAX_SAMPLES = 100_000;

/** Embedded answers of one model, or of one checkpoint of it. */
export interface AnswerSet {
  name: string;
  /** [rows, dim], row-major. */
  embeddings: Float32Array;
  /** Question of every row. */
  questions: readonly string[];
}

/** A distance between the means of two sets of answers. */
export interface Distance {
  distance: number;
  /** 95 % percentile interval; null if there are fewer than two questions, or no samples. */
  interval: Interval | null;
}

/** How far the answers of one checkpoint are from those of the first. */
export interface CheckpointDrift {
  name: string;
  toReference: Distance;
  toTarget: Distance;
  /**
   * Position of the checkpoint's mean along the line from reference to target: 0 at the reference, 1 at the target.
   * Null if these two have the same mean.
   */
  progress: { share: number; interval: Interval | null } | null;
}

/** How the values of a model move over its checkpoints. */
export interface Drift {
  /** Number of questions that all sets answer. Only these count. */
  questions: number;
  /** Number of questions that at least one set does not answer. */
  leftOut: number;
  /** Distance between reference and target. */
  span: Distance;
  checkpoints: CheckpointDrift[];
}

/** Sum and number of the rows of each question. */
interface QuestionSums {
  sums: Float64Array;
  counts: Float64Array;
}

/**
 * Computes the distances of each checkpoint to reference and target. The bootstrap draws questions with replacement,
 * because answers to one question are not independent. It draws the same questions for all sets, because all sets
 * answer them.
 *
 * @param dim width of all embeddings
 * @param samples bootstrap samples; 0 for no intervals
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_DATA` if no question is in all sets
 */
export function centroidDrift(
  reference: AnswerSet,
  target: AnswerSet,
  checkpoints: readonly AnswerSet[],
  dim: number,
  samples: number,
  seed: number,
): Drift {
  expectInteger(dim, 'dim', 1);
  expectInteger(samples, 'samples', 0, MAX_SAMPLES);
  expectInteger(seed, 'seed', 0);
  expectSet(reference, 'reference', dim);
  expectSet(target, 'target', dim);
  expectArray(checkpoints, 'checkpoints', (set, name) => expectSet(set, name, dim));
  const sets = [reference, target, ...checkpoints];
  const all = new Set(sets.flatMap(({ questions }) => [...new Set(questions)]));
  const answered = sets.map(({ questions }) => new Set(questions));
  const shared = [...all].filter((question) => answered.every((set) => set.has(question))).sort();
  if (shared.length === 0)
    throw new EngineError('ERR_DATA', `No question is answered by all of ${sets.map(({ name }) => name).join(', ')}`);
  const position = new Map(shared.map((question, i) => [question, i]));
  const sums = sets.map((set) => questionSums(set, position, dim));
  const figures = (draws: Float64Array): Figures => distancesOf(sums.map((set) => centroid(set, draws, dim)));
  const whole = figures(new Float64Array(shared.length).fill(1));
  const drawn = shared.length < 2 ? [] : bootstrap(shared.length, samples, seed, figures);
  const intervalOf = (read: (figures: Figures) => number): Interval | null =>
    drawn.length === 0 ? null : percentiles(Float64Array.from(drawn, read));
  return {
    questions: shared.length,
    leftOut: all.size - shared.length,
    span: { distance: whole.span, interval: intervalOf(({ span }) => span) },
    checkpoints: checkpoints.map(({ name }, i) => ({
      name,
      toReference: { distance: whole.toReference[i]!, interval: intervalOf(({ toReference }) => toReference[i]!) },
      toTarget: { distance: whole.toTarget[i]!, interval: intervalOf(({ toTarget }) => toTarget[i]!) },
      progress:
        whole.span === 0 ? null : { share: whole.progress[i]!, interval: intervalOf(({ progress }) => progress[i]!) },
    })),
  };
}

function expectSet(set: unknown, name: string, dim: number): void {
  const given = expectObject(set, name);
  expectString(given['name'], `${name}.name`);
  const questions = expectStrings(given['questions'], `${name}.questions`);
  expectMatrix(given['embeddings'], `${name}.embeddings`, questions.length, dim);
}

interface Figures {
  span: number;
  toReference: number[];
  toTarget: number[];
  progress: number[];
}

function questionSums(
  { embeddings, questions }: AnswerSet,
  position: ReadonlyMap<string, number>,
  dim: number,
): QuestionSums {
  const sums = allocateFloat64(position.size * dim, 'the sums of the questions');
  const counts = new Float64Array(position.size);
  questions.forEach((question, row) => {
    const at = position.get(question);
    if (at === undefined) return;
    counts[at]! += 1;
    for (let i = 0; i < dim; i++) sums[at * dim + i]! += embeddings[row * dim + i]!;
  });
  return { sums, counts };
}

/** Returns the mean over all rows of the questions, each as often as it was drawn. */
function centroid({ sums, counts }: QuestionSums, draws: Float64Array, dim: number): Float64Array {
  const mean = new Float64Array(dim);
  let rows = 0;
  for (let question = 0; question < draws.length; question++) {
    const times = draws[question]!;
    if (times === 0) continue;
    rows += times * counts[question]!;
    for (let i = 0; i < dim; i++) mean[i]! += times * sums[question * dim + i]!;
  }
  return mean.map((sum) => sum / rows);
}

function distancesOf([reference, target, ...checkpoints]: Float64Array[]): Figures {
  const way = target!.map((value, i) => value - reference![i]!);
  const span = Math.hypot(...way);
  const along = (point: Float64Array): number =>
    point.reduce((sum, value, i) => sum + (value - reference![i]!) * way[i]!, 0) / span ** 2;
  return {
    span,
    toReference: checkpoints.map((point) => euclidean(point, reference!)),
    toTarget: checkpoints.map((point) => euclidean(point, target!)),
    progress: checkpoints.map(along),
  };
}

function euclidean(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0));
}

function bootstrap(
  questions: number,
  samples: number,
  seed: number,
  figures: (draws: Float64Array) => Figures,
): Figures[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: samples }, () => {
    const draws = new Float64Array(questions);
    for (let draw = 0; draw < questions; draw++) draws[random.integer(questions)]! += 1;
    return figures(draws);
  });
}
