/** Accuracy of fitted encoders: fits anew on the training rows, so that the fit has seen no tested answer. */
import { labelRows } from '../core/row-labels.js';
import { expectCallback, expectObject, expectOptions, expectStrings, fail } from '../core/validate.js';
import { createNgramEncoder } from '../encoder/ngrams/create-ngram-encoder.js';
import { FIT_SETTINGS, type FitSettings } from '../identification/fit/fit-settings.js';
import { type FitFigures, fitTable } from '../identification/fit/fit-table.js';
import { evaluateKnn, type KnnOptions, type KnnResult } from './knn.js';
import { EVALUATION_OPTIONS, type EvaluationOptions, type LabelledEmbeddings, prepareRows } from './prepare.js';
import type { LabelledTexts } from './tfidf.js';

/** Answers with their labels and questions. */
export interface LabelledAnswers extends LabelledTexts {
  /** Value id of every row, which the encoder is fitted on. @default the labels */
  valueIds?: readonly string[] | undefined;
}

/** Options of the fits that an evaluation makes. */
export interface FitOptions {
  /** Settings of the fit. */
  fit?: FitSettings | undefined;
  /** Receives the number of training steps of the fit. */
  onProgress?: ((steps: number) => void) | undefined;
}

/** Vectors of an encoder that was fitted on the training rows of a split. */
export interface SplitFit extends LabelledEmbeddings {
  figures: FitFigures;
}

/**
 * Fits an encoder on the training rows of a split alone, and encodes all rows. In a test with the same split, the fit
 * has not seen the tested answers and, if the split is by question, no answer to their questions.
 *
 * @throws EngineError like `evaluateKnn`; `ERR_DATA` if fewer than two value ids have two training answers
 */
export async function fitOnTraining(
  data: LabelledAnswers,
  options: EvaluationOptions & FitOptions = {},
): Promise<SplitFit> {
  const given = expectObject(data, 'data');
  const texts = expectStrings(given['texts'], 'texts');
  const labels = expectStrings(given['labels'], 'labels');
  const valueIds = given['valueIds'] === undefined ? labels : expectStrings(given['valueIds'], 'valueIds');
  for (const [name, column] of Object.entries({ texts, valueIds })) {
    if (column.length !== labels.length)
      fail('ERR_SHAPE_MISMATCH', `${labels.length} entries, one per label,`, name, column);
  }
  const {
    fit = {},
    onProgress,
    ...split
  } = expectOptions(options, 'options', [...EVALUATION_OPTIONS, 'fit', 'onProgress']);
  expectCallback(onProgress as FitOptions['onProgress'], 'onProgress');
  const { signal } = split as EvaluationOptions;
  const { train } = prepareRows(data, split as EvaluationOptions);
  const voting = labelRows(Array.from(train, (row) => valueIds[row]!));
  const settings = expectOptions(fit, 'fit', FIT_SETTINGS) as FitSettings;
  const read = (rows: Int32Array): string[][] => [Array.from(rows, (row) => texts[train[row]!]!)];
  const { config, weights, figures } = await fitTable({ ...voting, read }, settings, {
    signal,
    onProgress: onProgress as FitOptions['onProgress'],
  });
  const encoder = await createNgramEncoder('fit', config, weights);
  try {
    const { embeddings, dim } = await encoder.encode(texts, { signal });
    return { labels, groups: data.groups, embeddings, dim, figures };
  } finally {
    await encoder.dispose();
  }
}

/**
 * Fits an encoder on the training rows alone, and classifies the tested rows by kNN in its space, with the options, the
 * split and the figures of `evaluateKnn`.
 *
 * @throws EngineError like {@link fitOnTraining}
 */
export async function evaluateFittedKnn(
  data: LabelledAnswers,
  options: KnnOptions & FitOptions = {},
): Promise<KnnResult> {
  const keys = [...EVALUATION_OPTIONS, 'k', 'sweep', 'fit', 'onProgress'] as const;
  const { fit, onProgress, k, sweep, ...split } = expectOptions(options, 'options', keys) as KnnOptions & FitOptions;
  const fitted = await fitOnTraining(data, { ...split, fit, onProgress });
  return evaluateKnn(fitted, { ...split, ...(k !== undefined && { k }), ...(sweep !== undefined && { sweep }) });
}
