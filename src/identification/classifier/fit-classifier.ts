import { EngineError } from '../../core/errors.js';
import { labelRows } from '../../core/row-labels.js';
import type { Encoder } from '../../encoder/encoder.js';
import { createNgramEncoder } from '../../encoder/ngrams/create-ngram-encoder.js';
import type { FitSettings } from '../fit/fit-settings.js';
import { type FitProgress, fitTable } from '../fit/fit-table.js';
import { CentroidSum } from './centroids.js';
import type { ClassifierWeights } from './classifier-weights.js';
import { trainClassifier } from './train-classifier.js';

/** Answers in memory, with their value ids and questions. */
export interface LabelledTexts {
  texts: readonly string[];
  valueIds: readonly string[];
  /** Question of every answer, or the theme of several questions. */
  groups: readonly string[];
}

/** An encoder and a linear classifier that were trained on the same answers. */
export interface FittedPair {
  encoder: Encoder;
  weights: ClassifierWeights;
  /** [names, dim], mean vectors at unit length. */
  centroids: Float32Array;
}

export interface PairOptions {
  fit: FitSettings;
  /** Answers that the classifier is trained on. */
  maxAnswers: number;
  seed: number;
  signal?: AbortSignal | undefined;
  /** Receives the number of training steps of the encoder. */
  onFit?: FitProgress | undefined;
  /** Receives the number of value ids whose plane is trained. */
  onClassify?: FitProgress | undefined;
}

/**
 * Fits an encoder and trains a linear classifier on the given rows of some answers.
 *
 * @throws EngineError `ERR_DATA` if fewer than two value ids have two answers; `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function fitPair(
  { texts, valueIds }: LabelledTexts,
  rows: readonly number[],
  { fit, maxAnswers, seed, signal, onFit, onClassify }: PairOptions,
): Promise<FittedPair> {
  const labels = labelRows(rows.map((row) => valueIds[row]!));
  const own = rows.map((row) => texts[row]!);
  const answers = { ...labels, read: (chosen: Int32Array) => [Array.from(chosen, (i) => own[i]!)] };
  const { config, weights: table } = await fitTable(answers, fit, { signal, onProgress: onFit });
  const encoder = await createNgramEncoder('fit', config, table);
  try {
    const total = labels.names.length;
    const onProgress = onClassify && ((done: number) => onClassify(done, total));
    const weights = await trainClassifier(answers, { maxAnswers, seed, signal, onProgress });
    const sum = new CentroidSum(total, encoder.dim);
    sum.add((await encoder.encode(own, { signal })).embeddings, labels.labels);
    return { encoder, weights, centroids: sum.centroids() };
  } catch (error) {
    await encoder.dispose();
    throw error;
  }
}

/** Waits for a fit, and returns undefined if its answers are too few. */
export async function ifEnoughData<T>(fit: Promise<T>): Promise<T | undefined> {
  try {
    return await fit;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ERR_DATA') return undefined;
    throw error;
  }
}
