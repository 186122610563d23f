import { allocateFloat32, allocateInt32 } from '../core/allocate.js';

/** The nearest rows of each query: the result of every search in this package. */
export interface SearchResult {
  /**
   * `[queries, k]`: row numbers, nearest first. Missing neighbours are -1, if a filter or an approximate index left
   * fewer than k rows.
   */
  labels: Int32Array;
  /**
   * `[queries, k]`: distances in the metric of the search ({@link Metric}). `'l2'` is the squared Euclidean distance;
   * `'ip'` and `'cosine'` are similarities, where larger is nearer. For a label of -1, the distance is the largest
   * float32, negative for `'ip'` and `'cosine'`.
   */
  distances: Float32Array;
  /** Neighbours per query. */
  k: number;
}

/** The largest float32: the distance of a label of -1. */
export const MAX_FLOAT32 = 3.4028234663852886e38;

/** @throws EngineError `ERR_OUT_OF_MEMORY` */
export function allocateSearchResult(queries: number, k: number): SearchResult {
  const what = `the ${k} nearest rows of ${queries} queries`;
  return { labels: allocateInt32(queries * k, what), distances: allocateFloat32(queries * k, what), k };
}
