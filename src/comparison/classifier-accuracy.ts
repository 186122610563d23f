/**
 * How often does a classifier tell the two sides apart? It is fitted on some questions and tested on others: a
 * two-sample test by a classifier (Lopez-Paz and Oquab 2017).
 */
import { throwIfAborted } from '../core/abort.js';
import { allocateFloat32 } from '../core/allocate.js';
import { SeededRandom } from '../core/random.js';
import { type Interval, percentiles } from '../evaluation/bootstrap.js';
import type { PairedAnswers } from './paired-answers.js';
import { ridgeClassifier } from './ridge-classifier.js';
import type { ClassifiedAnswers, SideClassifier } from './side-classifier.js';

/** Fewer groups do not show the spread. */
const MIN_GROUPS = 3;

/** How often a classifier tells two sides apart on questions that it was not trained on. */
export interface ClassifierAccuracy {
  classifier: string;
  /** Share of answers whose side is named correctly, 0 to 1; chance is 0.5. */
  accuracy: number;
  /** 95 % percentile interval; the bootstrap draws groups of questions. Null with fewer than three groups. */
  interval: Interval | null;
  /** Number of parts of the questions; each is tested by a classifier that was fitted on the others. */
  folds: number;
}

export interface ClassifierOptions {
  folds: number;
  bootstrapSamples: number;
  seed: number;
  signal: AbortSignal | undefined;
  /** Receives the number of finished folds. */
  onProgress?: ((folds: number) => void) | undefined;
}

/** @throws EngineError `ERR_ABORTED`, `ERR_OUT_OF_MEMORY` */
export async function classifierAccuracy(
  paired: PairedAnswers,
  { folds: wanted, bootstrapSamples, seed, signal, onProgress }: ClassifierOptions,
  classifier: SideClassifier = ridgeClassifier,
): Promise<ClassifierAccuracy> {
  const { groups } = paired;
  const folds = Math.min(wanted, groups.length);
  const order = SeededRandom.stream(seed, 2).shuffle(Int32Array.from(groups.keys()));
  const foldOf = new Int32Array(groups.length);
  order.forEach((group, i) => (foldOf[group] = i % folds));
  const right = new Float64Array(groups.length);
  const total = new Float64Array(groups.length);
  for (let fold = 0; fold < folds; fold++) {
    throwIfAborted(signal, 'The comparison was aborted');
    const train = answersOf(paired, (group) => foldOf[group] !== fold);
    const tested = answersOf(paired, (group) => foldOf[group] === fold);
    const scores = await classifier.score(train, tested, signal);
    scores.forEach((score, i) => {
      const group = tested.groups[i]!;
      total[group]! += 1;
      // A score of exactly 0 names no side.
      right[group]! += score === 0 ? 0.5 : Number(score > 0 === tested.labels[i]! > 0);
    });
    onProgress?.(fold + 1);
  }
  return {
    classifier: classifier.name,
    accuracy: sumOf(right) / sumOf(total),
    interval: bootstrap(right, total, bootstrapSamples, SeededRandom.stream(seed, 3)),
    folds,
  };
}

function bootstrap(right: Float64Array, total: Float64Array, samples: number, random: SeededRandom): Interval | null {
  const groups = right.length;
  if (groups < MIN_GROUPS || samples === 0) return null;
  const accuracies = Float64Array.from({ length: samples }, () => {
    let [hits, all] = [0, 0];
    for (let i = 0; i < groups; i++) {
      const group = random.integer(groups);
      hits += right[group]!;
      all += total[group]!;
    }
    return hits / all;
  });
  return percentiles(accuracies);
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Collects the answers of some groups, question by question: those of side A, then those of side B. */
function answersOf(
  { sides, dim, questions }: PairedAnswers,
  isWanted: (group: number) => boolean,
): ClassifiedAnswers & { labels: Int8Array; groups: number[] } {
  const wanted = questions.filter(({ group }) => isWanted(group));
  const labels: number[] = [];
  const groups: number[] = [];
  const count = wanted.reduce((sum, { rows }) => sum + 2 * rows[0].length, 0);
  const embeddings = allocateFloat32(count * dim, 'the answers of the classifier');
  for (const { group, rows } of wanted) {
    for (const side of [0, 1] as const) {
      for (const row of rows[side]) {
        embeddings.set(sides[side].embeddings.subarray(row * dim, (row + 1) * dim), labels.length * dim);
        labels.push(side === 0 ? 1 : -1);
        groups.push(group);
      }
    }
  }
  return { embeddings, dim, labels: Int8Array.from(labels), groups };
}
