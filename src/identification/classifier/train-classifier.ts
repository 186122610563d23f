import { quantizeRows } from '../../encoder/weights/weight-rounding.js';
import { trainLinearSvm } from '../../native/linear-svm.js';
import { NgramCorpus } from '../../native/ngram-corpus.js';
import type { FitAnswers } from '../fit/fit-table.js';
import { sampleRows } from '../fit/pairs.js';
import { CLASSIFIER_GROUPS, type ClassifierWeights } from './classifier-weights.js';

export interface ClassifierTraining {
  /** Answers to train on, sampled so that the value ids have equal numbers of them, as far as possible. */
  maxAnswers: number;
  seed: number;
  signal?: AbortSignal | undefined;
  /** Receives the number of value ids whose plane is trained. */
  onProgress?: ((valueIds: number) => void) | undefined;
}

/** Settings of the linear classifier. docs/evidence.md compares others. */
export interface ClassifierSettings {
  /** Weight of the loss. */
  c: number;
  /** Passes over the answers, at most. */
  maxPasses: number;
  /** N-grams with weights: those in most answers. */
  maxRows: number;
}

export const CLASSIFIER_SETTINGS: Readonly<ClassifierSettings> = { c: 10, maxPasses: 20, maxRows: 2 ** 17 };

const TOLERANCE = 0.5;
/** Limits the rows if there are many value ids: 256 MiB while training, 64 MiB on disk. */
const MAX_WEIGHTS = 2 ** 26;

/**
 * Trains linear support vector machines with squared hinge loss (Hsieh et al. 2008, ICML), one per value id, on n-grams
 * of words and characters, weighted by log(1 + count), at unit length. The same inputs give the same classifier,
 * whatever the number of threads.
 *
 * @throws EngineError `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`, and errors of `read`
 */
export async function trainClassifier(
  answers: FitAnswers,
  { maxAnswers, seed, signal, onProgress }: ClassifierTraining,
  { c, maxPasses, maxRows: wanted } = CLASSIFIER_SETTINGS,
): Promise<ClassifierWeights> {
  const { names } = answers;
  const rows = sampleRows(answers.labels, names.length, maxAnswers, seed);
  const corpus = new NgramCorpus(...CLASSIFIER_GROUPS);
  try {
    for await (const texts of answers.read(rows)) await corpus.add(texts, { signal });
    const labels = rows.map((row) => answers.labels[row]!);
    const maxRows = Math.max(1, Math.min(wanted, Math.floor(MAX_WEIGHTS / names.length)));
    const settings = { minTexts: 2, maxRows, c, tolerance: TOLERANCE, maxPasses, seed };
    const { keys, weights, biases } = await trainLinearSvm(corpus, labels, names.length, settings, {
      signal,
      onProgress,
    });
    return { names, keys, planes: quantizeRows(weights, names.length), biases };
  } finally {
    corpus.dispose();
  }
}
