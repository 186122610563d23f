import type { SearchResult } from '../../src/native/search-result.js';

/**
 * Compares the scores of the first queries with all double-precision inner products. Throws unless they are correct and
 * in order.
 */
export function checkScores(
  { distances }: SearchResult,
  base: Float32Array,
  queries: Float32Array,
  dim: number,
  k: number,
): void {
  for (let q = 0; q < Math.min(4, queries.length / dim); q++) {
    const expected = Float64Array.from({ length: base.length / dim }, (_, row) => {
      let dot = 0;
      for (let t = 0; t < dim; t++) dot += queries[q * dim + t]! * base[row * dim + t]!;
      return dot;
    }).sort();
    for (let rank = 0; rank < k; rank++) {
      const right = expected[expected.length - 1 - rank]!;
      const difference = Math.abs(distances[q * k + rank]! - right);
      if (!(difference < 1e-6 * Math.max(1, Math.abs(right))))
        throw new Error(`Query ${q}, rank ${rank}: the score is wrong by ${difference}`);
    }
  }
}
