import { argMax } from '../core/arg-max.js';
import {
  expectArray,
  expectFunction,
  expectInt32,
  expectInteger,
  expectObject,
  expectOptions,
} from '../core/validate.js';
import { defaultK } from '../identification/value-identifier.js';
import { countVotes } from '../identification/voting.js';
import type { SearchResult } from '../native/search-result.js';
import { exactSearch } from '../search/exact-search.js';
import { gatherRows } from '../search/gather-rows.js';
import { type ClassificationResult, summarise } from './classification.js';
import { computeMetrics, countConfusion } from './metrics.js';
import {
  EVALUATION_OPTIONS,
  type EvaluationOptions,
  expectLabelledEmbeddings,
  type LabelledEmbeddings,
  type LabelledRows,
  prepareRows,
} from './prepare.js';

/** Options of `evaluateKnn`. */
export interface KnnOptions extends EvaluationOptions {
  /**
   * Number of neighbours that vote, from 1 to the number of training rows.
   *
   * @default 50, or a third of these rows if there are fewer than 150
   */
  k?: number;
  /** More values of k to report. @default those of 1, 5, 10, 20, 50 and 100 that the number of training rows allows */
  sweep?: readonly number[];
}

/** The accuracy with one number of neighbours. */
export interface SweepPoint {
  k: number;
  accuracy: number;
  balancedAccuracy: number;
  weightedF1: number;
}

/** How well the nearest neighbours identify value ids. */
export interface KnnResult extends ClassificationResult {
  k: number;
  /** One point per k, including `k`, ascending. */
  sweep: SweepPoint[];
}

/** Finds the `k` nearest training rows of every tested row; the labels are positions in `train`. */
export type NeighbourSearch = (train: Int32Array, test: Int32Array, k: number) => Promise<SearchResult>;

const DEFAULT_SWEEP = [1, 5, 10, 20, 50, 100];

/**
 * Classifies held-out rows by kNN: Euclidean distance, uniform votes, ties to the smallest label (reference, section
 * 7.1). The search is exact.
 *
 * @throws EngineError `ERR_SHAPE_MISMATCH`, `ERR_ARG_TYPE`, `ERR_ARG_RANGE` (k above the training rows, a single label,
 *   a label that cannot be split), `ERR_NON_FINITE` naming the row, `ERR_ABORTED`
 */
export async function evaluateKnn(data: LabelledEmbeddings, options: KnnOptions = {}): Promise<KnnResult> {
  const given = expectOptions(options, 'options', [...EVALUATION_OPTIONS, 'k', 'sweep']) as KnnOptions;
  expectLabelledEmbeddings(data);
  const { embeddings, dim } = data;
  return evaluateNeighbours(data, given, (train, test, k) =>
    exactSearch({
      base: gatherRows(embeddings, dim, train),
      queries: gatherRows(embeddings, dim, test),
      dim,
      k,
      signal: given.signal,
    }),
  );
}

/**
 * Runs the evaluation with any search, for example an approximate index or sparse vectors. One search serves every k.
 */
export async function evaluateNeighbours(
  rows: LabelledRows,
  options: KnnOptions,
  search: NeighbourSearch,
): Promise<KnnResult> {
  const given = expectOptions(options, 'options', [...EVALUATION_OPTIONS, 'k', 'sweep']) as KnnOptions;
  expectFunction(search, 'search');
  const prepared = prepareRows(rows, given);
  const { train, test, trainLabels, testLabels, names } = prepared;
  const k = expectInteger(given.k ?? defaultK(train.length), 'k', 1, train.length);
  const sweep = given.sweep ?? DEFAULT_SWEEP.filter((other) => other <= train.length);
  expectArray(sweep, 'sweep', (other, name) => expectInteger(other, name, 1, train.length));
  const ks = [...new Set([...sweep, k])].sort((a, b) => a - b);
  const found = expectFound(await search(train, test, ks.at(-1)!), train.length, test.length, ks.at(-1)!);
  const predictions = ks.map((count) => predict(found, count, test.length, trainLabels, names.length));
  return {
    ...summarise(prepared, predictions[ks.indexOf(k)]!),
    k,
    sweep: ks.map((count, i) => {
      const metrics = computeMetrics(countConfusion(testLabels, predictions[i]!, names.length));
      const { accuracy, balancedAccuracy, weightedF1 } = metrics;
      return { k: count, accuracy, balancedAccuracy, weightedF1 };
    }),
  };
}

/** Expects the result of a search function that the caller passed. A label of -1 means that no row was found. */
function expectFound(found: unknown, rows: number, queries: number, k: number): SearchResult {
  const { labels, k: width } = expectObject(found, 'the result of search');
  expectInteger(width, 'the result of search.k', k);
  expectInt32(labels, 'the result of search.labels', queries * (width as number), -1, rows - 1);
  return found as SearchResult;
}

function predict(
  found: SearchResult,
  k: number,
  queries: number,
  trainLabels: Int32Array,
  classes: number,
): Int32Array {
  const votes = new Int32Array(classes);
  return Int32Array.from({ length: queries }, (_, query) => {
    countVotes(found.labels.subarray(query * found.k), k, trainLabels, votes);
    return argMax(votes);
  });
}
