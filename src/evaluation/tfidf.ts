/**
 * The baseline that an embedding has to beat: predicts labels from words alone, by TF-IDF over hashed words and word
 * pairs, cosine similarity and kNN.
 */
import { throwIfAborted } from '../core/abort.js';
import { expectObject, expectStrings, fail } from '../core/validate.js';
import { allocateSearchResult, type SearchResult } from '../native/search-result.js';
import { evaluateNeighbours, type KnnOptions, type KnnResult } from './knn.js';
import type { LabelledRows } from './prepare.js';
import { BUCKETS, countTerms, type TermCounts } from './terms.js';

/** Texts with their labels and questions. */
export interface LabelledTexts extends LabelledRows {
  /** The answer of every row, without its question. */
  texts: readonly string[];
}

/** One text: a unit vector, or empty. */
interface SparseVector {
  /** Ascending. */
  buckets: Int32Array;
  weights: Float64Array;
}

/** Rows of every bucket: those at offsets[b] to offsets[b + 1] - 1. */
interface InvertedIndex {
  offsets: Int32Array;
  rows: Int32Array;
  weights: Float64Array;
}

/** Rows to search before yielding to other work of the process. */
const ROWS_PER_TURN = 32;

/**
 * Runs kNN over TF-IDF vectors of the texts, with the options, the split and the figures of `evaluateKnn`. Document
 * frequencies come from the training rows only.
 *
 * @throws EngineError like `evaluateKnn`
 */
export async function evaluateTfidf(data: LabelledTexts, options: KnnOptions = {}): Promise<KnnResult> {
  const given = expectObject(data, 'data');
  const texts = expectStrings(given['texts'], 'texts');
  const labels = expectStrings(given['labels'], 'labels');
  expectObject(options, 'options');
  if (texts.length !== labels.length)
    fail('ERR_SHAPE_MISMATCH', `${labels.length} texts, one per label,`, 'texts', texts);
  return evaluateNeighbours(data, options, async (train, test, k) => {
    const counts = Array.from(train, (row) => countTerms(texts[row]!));
    const idf = inverseDocumentFrequencies(counts);
    const base = counts.map((terms) => weigh(terms, idf));
    const queries = Array.from(test, (row) => weigh(countTerms(texts[row]!), idf));
    return sparseNeighbours(base, queries, k, options.signal);
  });
}

/** ln((1 + documents) / (1 + documents with the term)) + 1 by bucket; 0 for buckets that no document has. */
function inverseDocumentFrequencies(documents: readonly TermCounts[]): Float64Array {
  const frequencies = new Int32Array(BUCKETS);
  for (const { buckets } of documents) for (const bucket of buckets) frequencies[bucket]! += 1;
  return Float64Array.from(frequencies, (frequency) =>
    frequency === 0 ? 0 : Math.log((1 + documents.length) / (1 + frequency)) + 1,
  );
}

/** (1 + ln count) * idf, scaled to unit length; terms that no training row has get weight 0. */
function weigh({ buckets, counts }: TermCounts, idf: Float64Array): SparseVector {
  const weights = Float64Array.from(buckets, (bucket, i) => (1 + Math.log(counts[i]!)) * idf[bucket]!);
  const norm = Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, 0));
  return { buckets, weights: norm === 0 ? weights : weights.map((weight) => weight / norm) };
}

/** Finds exact cosine neighbours with an inverted index. Ties go to the smaller row. */
async function sparseNeighbours(
  base: readonly SparseVector[],
  queries: readonly SparseVector[],
  k: number,
  signal: AbortSignal | undefined,
): Promise<SearchResult> {
  const index = invert(base);
  const { labels, distances } = allocateSearchResult(queries.length, k);
  const scores = new Float64Array(base.length);
  for (const [i, query] of queries.entries()) {
    if (i % ROWS_PER_TURN === 0) await new Promise((resolve) => void setImmediate(resolve));
    throwIfAborted(signal, 'The TF-IDF baseline was aborted');
    addScores(index, query, scores.fill(0));
    const nearest = largest(scores, k);
    labels.set(nearest, i * k);
    distances.set(
      Float32Array.from(nearest, (row) => scores[row]!),
      i * k,
    );
  }
  return { labels, distances, k };
}

function invert(vectors: readonly SparseVector[]): InvertedIndex {
  const offsets = new Int32Array(BUCKETS + 1);
  for (const { buckets } of vectors) for (const bucket of buckets) offsets[bucket + 1]! += 1;
  for (let bucket = 0; bucket < BUCKETS; bucket++) offsets[bucket + 1]! += offsets[bucket]!;
  const next = offsets.slice();
  const rows = new Int32Array(offsets[BUCKETS]!);
  const weights = new Float64Array(rows.length);
  vectors.forEach((vector, row) => {
    vector.buckets.forEach((bucket, t) => {
      const at = next[bucket]!++;
      rows[at] = row;
      weights[at] = vector.weights[t]!;
    });
  });
  return { offsets, rows, weights };
}

/** Adds the inner products with all rows. */
function addScores({ offsets, rows, weights }: InvertedIndex, query: SparseVector, scores: Float64Array): void {
  for (let t = 0; t < query.buckets.length; t++) {
    const bucket = query.buckets[t]!;
    const weight = query.weights[t]!;
    const end = offsets[bucket + 1]!;
    for (let at = offsets[bucket]!; at < end; at++) scores[rows[at]!]! += weight * weights[at]!;
  }
}

/** Returns the positions of the k largest scores, best first. Ties go to the smaller position. */
function largest(scores: Float64Array, k: number): number[] {
  const threshold = scores.toSorted()[scores.length - k]!; // without a comparison function: many times faster
  const candidates: number[] = [];
  for (let i = 0; i < scores.length; i++) if (scores[i]! >= threshold) candidates.push(i);
  return candidates.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, k);
}
