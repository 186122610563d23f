/** See {@link Metric}. */
export const METRICS = ['ip', 'l2', 'cosine'] as const;

/**
 * Measures of the proximity of two vectors (native/ops/metric.h):
 * - `'ip'`: inner product; larger is nearer.
 * - `'l2'`: squared Euclidean distance; smaller is nearer.
 * - `'cosine'`: cosine of the angle; larger is nearer; 0 if a vector is zero.
 *
 * @useDeclaredType
 */
export type Metric = (typeof METRICS)[number];

/** See {@link IndexMetric}. */
export const INDEX_METRICS = ['ip', 'l2'] as const satisfies readonly Metric[];

/**
 * Metrics of an index. For cosine similarity, add unit vectors to an index with `'ip'`.
 *
 * @useDeclaredType
 */
export type IndexMetric = (typeof INDEX_METRICS)[number];
