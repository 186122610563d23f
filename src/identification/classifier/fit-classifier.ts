import { labelRows } from '../../core/row-labels.js';
import type { Encoder } from '../../encoder/encoder.js';
import { createNgramEncoder } from '../../encoder/ngrams/create-ngram-encoder.js';
import type { FitSettings } from '../fit/fit-settings.js';
import { fitTable } from '../fit/fit-table.js';
import { CentroidSum } from './centroids.js';
import { type ClassifierWeights, trainClassifier } from './train-classifier.js';

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
}

/**
 * Fits an encoder and trains a linear classifier on the given rows of some answers.
 *
 * @throws EngineError `ERR_DATA` if fewer than two value ids have two answers; `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function fitPair(
  { texts, valueIds }: LabelledTexts,
  rows: readonly number[],
  { fit, maxAnswers, seed, signal }: PairOptions,
): Promise<FittedPair> {
  const labels = labelRows(rows.map((row) => valueIds[row]!));
  const own = rows.map((row) => texts[row]!);
  const answers = { ...labels, read: (chosen: Int32Array) => [Array.from(chosen, (i) => own[i]!)] };
  const { config, weights: table } = await fitTable(answers, fit, { signal });
  const encoder = await createNgramEncoder('fit', config, table);
  try {
    const weights = await trainClassifier(answers, { maxAnswers, seed, signal });
    const sum = new CentroidSum(labels.names.length, encoder.dim);
    sum.add((await encoder.encode(own, { signal })).embeddings, labels.labels);
    return { encoder, weights, centroids: sum.centroids() };
  } catch (error) {
    await encoder.dispose();
    throw error;
  }
}
