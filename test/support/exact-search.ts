import type { IndexMetric } from '../../src/native/metrics.js';

/** Computes the inner product or squared distance of two rows in double precision. */
export function exactDistance(
  a: Float32Array,
  i: number,
  b: Float32Array,
  j: number,
  dim: number,
  metric: IndexMetric,
): number {
  let sum = 0;
  for (let t = 0; t < dim; t++) {
    const x = a[i * dim + t]!;
    const y = b[j * dim + t]!;
    sum += metric === 'ip' ? x * y : (x - y) ** 2;
  }
  return sum;
}

/** Ranks all base rows for one query by brute force in double precision, best first. Ties go to the smaller row. */
export function exactRanking(
  queries: Float32Array,
  query: number,
  base: Float32Array,
  dim: number,
  metric: IndexMetric,
): { row: number; distance: number }[] {
  const rows = base.length / dim;
  const all = Array.from({ length: rows }, (_, row) => ({
    row,
    distance: exactDistance(queries, query, base, row, dim, metric),
  }));
  return all.sort((a, b) => (metric === 'ip' ? b.distance - a.distance : a.distance - b.distance) || a.row - b.row);
}

/** Returns the share of the true k nearest rows that `labels` ([queries, k]) contains. */
export function recall(
  labels: Int32Array,
  queries: Float32Array,
  base: Float32Array,
  dim: number,
  k: number,
  metric: IndexMetric,
): number {
  let found = 0;
  const count = queries.length / dim;
  for (let i = 0; i < count; i++) {
    const truth = new Set(
      exactRanking(queries, i, base, dim, metric)
        .slice(0, k)
        .map((entry) => entry.row),
    );
    for (const label of labels.subarray(i * k, (i + 1) * k)) if (truth.has(label)) found++;
  }
  return found / (count * k);
}
