/** Accuracy of fitted encoders: fits anew on the training rows, so that no tested answer was ever seen. */
import { labelRows } from '../core/row-labels.js';
import { expectObject, expectOptions, expectStrings, fail } from '../core/validate.js';
import { createNgramEncoder } from '../encoder/ngrams/create-ngram-encoder.js';
import { FIT_SETTINGS, type FitSettings, resolveFitSettings } from '../identification/fit/fit-settings.js';
import { fitTable } from '../identification/fit/fit-table.js';
import { exactSearch } from '../search/exact-search.js';
import { evaluateNeighbours, type KnnOptions, type KnnResult } from './knn.js';
import { EVALUATION_OPTIONS } from './prepare.js';
import type { LabelledTexts } from './tfidf.js';

export interface LabelledAnswers extends LabelledTexts {
  /** Value id of every row, which the encoder is fitted on. @default the labels */
  valueIds?: readonly string[] | undefined;
}

export interface FittedKnnOptions extends KnnOptions {
  /** Settings of the fit. */
  fit?: FitSettings | undefined;
  /** Receives the number of training steps of the fit. */
  onProgress?: ((steps: number) => void) | undefined;
}

/**
 * Fits an encoder on the training rows alone, and classifies the tested rows by kNN in its space, with the options, the
 * split and the figures of `evaluateKnn`. The fit has not seen the tested answers, nor, if the split is by question, any
 * answer to their questions.
 *
 * @throws EngineError like `evaluateKnn`; `ERR_DATA` if fewer than two value ids have two training answers
 */
export async function evaluateFittedKnn(data: LabelledAnswers, options: FittedKnnOptions = {}): Promise<KnnResult> {
  const given = expectObject(data, 'data');
  const texts = expectStrings(given['texts'], 'texts');
  const labels = expectStrings(given['labels'], 'labels');
  const valueIds = given['valueIds'] === undefined ? labels : expectStrings(given['valueIds'], 'valueIds');
  for (const [name, column] of Object.entries({ texts, valueIds })) {
    if (column.length !== labels.length)
      fail('ERR_SHAPE_MISMATCH', `${labels.length} entries, one per label,`, name, column);
  }
  expectOptions(options, 'options', [...EVALUATION_OPTIONS, 'k', 'sweep', 'fit', 'onProgress']);
  const { fit = {}, onProgress, ...knn } = options;
  expectOptions(fit, 'fit', FIT_SETTINGS);
  const { signal } = options;
  return evaluateNeighbours(data, knn, async (train, test, k) => {
    const voting = labelRows(Array.from(train, (row) => valueIds[row]!));
    const textsOf = (rows: Int32Array): string[] => Array.from(rows, (row) => texts[row]!);
    // eslint-disable-next-line @typescript-eslint/require-await
    const read = async function* (rows: Int32Array) {
      yield Array.from(rows, (row) => texts[train[row]!]!);
    };
    const settings = resolveFitSettings(fit, voting.names.length);
    const { config, weights } = await fitTable({ ...voting, read }, settings, { signal, onProgress });
    const encoder = await createNgramEncoder('fit', config, weights);
    try {
      const { embeddings: base } = await encoder.encode(textsOf(train), { signal });
      const { embeddings: queries } = await encoder.encode(textsOf(test), { signal });
      return await exactSearch({ base, queries, dim: config.dim, k, signal });
    } finally {
      await encoder.dispose();
    }
  });
}
