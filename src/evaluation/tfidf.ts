/**
 * The baseline that an embedding has to beat: how well the words alone tell the label. TF-IDF over hashed words and
 * word pairs, cosine similarity, kNN.
 */
import { EngineError } from '../core/errors.js';
import { fail } from '../native/validate.js';
import type { Neighbours } from '../search/exact-search.js';
import { evaluateNeighbours, type KnnOptions, type KnnResult } from './knn.js';
import type { LabelledRows } from './prepare.js';
import { countTerms } from './terms.js';

export interface LabelledTexts extends LabelledRows {
  /** The answer of every row, without its question. */
  texts: readonly string[];
}

/** Term buckets and weights of one text; a unit vector, or empty. */
interface SparseVector {
  terms: Int32Array;
  weights: Float64Array;
}

/** Rows searched before other work of the process gets a turn. */
const ROWS_PER_TURN = 32;

/**
 * kNN over TF-IDF vectors of the texts, with the options, the split and the figures of `evaluateKnn`. Document
 * frequencies come from the training rows alone.
 *
 * @throws EngineError as `evaluateKnn`
 */
export async function evaluateTfidf(data: LabelledTexts, options: KnnOptions = {}): Promise<KnnResult> {
  const { texts, labels } = data;
  if (texts.length !== labels.length) fail('ERR_SHAPE_MISMATCH', `${labels.length} texts, one per label,`, 'texts', texts);
  return evaluateNeighbours(data, options, async (train, test, k) => {
    const counts = Array.from(train, (row) => countTerms(texts[row]!));
    const idf = inverseDocumentFrequencies(counts);
    const base = counts.map((terms) => weigh(terms, idf));
    const queries = Array.from(test, (row) => weigh(countTerms(texts[row]!), idf));
    return sparseNeighbours(base, queries, k, options.signal);
  });
}

/** ln((1 + n) / (1 + documents with the term)) + 1. */
function inverseDocumentFrequencies(documents: readonly Map<number, number>[]): Map<number, number> {
  const frequency = new Map<number, number>();
  for (const document of documents) {
    for (const term of document.keys()) frequency.set(term, (frequency.get(term) ?? 0) + 1);
  }
  const n = documents.length;
  return new Map(Array.from(frequency, ([term, count]) => [term, Math.log((1 + n) / (1 + count)) + 1]));
}

/** (1 + ln count) * idf, scaled to unit length; terms unknown to the training rows drop out. */
function weigh(counts: Map<number, number>, idf: Map<number, number>): SparseVector {
  const known = [...counts.keys()].filter((term) => idf.has(term));
  const weights = Float64Array.from(known, (term) => (1 + Math.log(counts.get(term)!)) * idf.get(term)!);
  const norm = Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, 0));
  return { terms: Int32Array.from(known), weights: weights.map((weight) => weight / norm) };
}

/** Exact cosine neighbours through an inverted index; ties by smaller row. */
async function sparseNeighbours(
  base: readonly SparseVector[],
  queries: readonly SparseVector[],
  k: number,
  signal: AbortSignal | undefined,
): Promise<Neighbours> {
  const postings = invert(base);
  const rows = new Int32Array(queries.length * k);
  const distances = new Float64Array(queries.length * k);
  const scores = new Float64Array(base.length);
  for (const [i, query] of queries.entries()) {
    if (i % ROWS_PER_TURN === 0) await new Promise((resolve) => void setImmediate(resolve));
    if (signal?.aborted) throw new EngineError('ERR_ABORTED', 'The TF-IDF baseline was aborted', { cause: signal.reason });
    scores.fill(0);
    query.terms.forEach((term, t) => {
      const posting = postings.get(term)!;
      const weight = query.weights[t]!;
      for (let p = 0; p < posting.rows.length; p++) scores[posting.rows[p]!]! += weight * posting.weights[p]!;
    });
    const nearest = largest(scores, k);
    rows.set(nearest, i * k);
    distances.set(Float64Array.from(nearest, (row) => Math.sqrt(Math.max(0, 2 - 2 * scores[row]!))), i * k);
  }
  return { queries: queries.length, k, rows, distances };
}

/** Positions of the k largest scores, best first, ties by smaller position. */
function largest(scores: Float64Array, k: number): number[] {
  const threshold = scores.toSorted()[scores.length - k]!; // without a comparison function: many times faster
  const candidates = Array.from(scores.keys()).filter((i) => scores[i]! >= threshold);
  return candidates.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, k);
}

/** Rows and weights by term. */
function invert(vectors: readonly SparseVector[]): Map<number, { rows: Int32Array; weights: Float64Array }> {
  const lists = new Map<number, { rows: number[]; weights: number[] }>();
  vectors.forEach(({ terms, weights }, row) => {
    terms.forEach((term, t) => {
      let list = lists.get(term);
      if (!list) lists.set(term, (list = { rows: [], weights: [] }));
      list.rows.push(row);
      list.weights.push(weights[t]!);
    });
  });
  return new Map(
    Array.from(lists, ([term, list]) => [term, { rows: Int32Array.from(list.rows), weights: Float64Array.from(list.weights) }]),
  );
}
