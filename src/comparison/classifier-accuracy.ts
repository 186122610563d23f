/**
 * How often does a classifier tell the two sides apart? It is fitted on other questions than those that it is tested
 * on: a two-sample test by a classifier (Lopez-Paz and Oquab 2017).
 */
import { throwIfAborted } from '../core/abort.js';
import { SeededRandom } from '../core/random.js';
import { bootstrapIntervals, type Interval } from '../evaluation/bootstrap.js';
import { gatherRows } from '../search/gather-rows.js';
import type { PairedAnswers } from './paired-answers.js';
import { ridgeClassifier } from './ridge-classifier.js';
import type { ClassifiedAnswers, SideClassifier } from './side-classifier.js';

export interface ClassifierAccuracy {
  classifier: string;
  /** Share of answers whose side is named correctly, 0 to 1; chance is 0.5. */
  accuracy: number;
  /** 95 % percentile interval; the bootstrap draws groups of questions. */
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
  const { groups, questions } = paired;
  const folds = Math.min(wanted, groups.length);
  const order = SeededRandom.stream(seed, 2).shuffle(Int32Array.from(groups.keys()));
  const foldOf = new Int32Array(groups.length);
  order.forEach((group, i) => (foldOf[group] = i % folds));
  const actual: number[] = [];
  const predicted: number[] = [];
  const testedGroups: string[] = [];
  for (let fold = 0; fold < folds; fold++) {
    throwIfAborted(signal, 'The comparison was aborted');
    const train = answersOf(paired, (group) => foldOf[group] !== fold);
    const tested = answersOf(paired, (group) => foldOf[group] === fold);
    const scores = await classifier.score(train, tested, signal);
    // A score of exactly 0 is a guess, right for half of the answers.
    scores.forEach((score, i) => predicted.push(score > 0 || (score === 0 && i % 2 === 0) ? 0 : 1));
    for (const label of tested.labels) actual.push(label === 1 ? 0 : 1);
    for (const { group, rows } of questions)
      if (foldOf[group] === fold) for (let i = 0; i < 2 * rows[0].length; i++) testedGroups.push(groups[group]!);
    onProgress?.(fold + 1);
  }
  const rows = {
    actual: Int32Array.from(actual),
    predicted: Int32Array.from(predicted),
    groups: testedGroups,
    labels: 2,
  };
  return {
    classifier: classifier.name,
    accuracy: actual.filter((label, i) => label === predicted[i]).length / actual.length,
    interval: bootstrapIntervals(rows, bootstrapSamples, seed)?.accuracy ?? null,
    folds,
  };
}

/** Collects the answers of some groups, question by question: those of side A, then those of side B. */
function answersOf(
  { sides, dim, questions }: PairedAnswers,
  isWanted: (group: number) => boolean,
): ClassifiedAnswers & { labels: Int8Array } {
  const wanted = questions.filter(({ group }) => isWanted(group));
  const texts: string[] = [];
  const labels: number[] = [];
  const embeddings = new Float32Array(wanted.reduce((sum, { rows }) => sum + 2 * rows[0].length, 0) * dim);
  for (const { rows } of wanted) {
    for (const [side, own] of rows.entries()) {
      const { records, embeddings: all } = sides[side as 0 | 1];
      embeddings.set(gatherRows(all, dim, Int32Array.from(own)), texts.length * dim);
      for (const row of own) {
        texts.push(records[row]!.answer);
        labels.push(side === 0 ? 1 : -1);
      }
    }
  }
  return { texts, embeddings, dim, labels: Int8Array.from(labels) };
}
