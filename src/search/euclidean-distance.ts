import { EngineError } from '../core/errors.js';
import { fail } from '../core/validate.js';
import type { IndexMetric } from '../native/metrics.js';

/** Tolerance for the squared length of unit vectors that were stored as f16. */
const UNIT_TOLERANCE = 1e-3;

/**
 * Converts the distance that a search reports to a Euclidean distance.
 *
 * @param measured `'l2'`: the squared distance; `'ip'`: the inner product of two unit vectors
 */
export function euclideanDistance(measured: number, metric: IndexMetric): number {
  const squared = metric === 'l2' ? measured : 2 - 2 * measured;
  if (!Number.isFinite(squared)) throw new EngineError('ERR_INTERNAL', `The index measured a distance of ${measured}`);
  return Math.sqrt(Math.max(0, squared)); // rounding can make it slightly negative
}

/**
 * Rejects rows that are not of unit length: their inner products do not give distances.
 *
 * @throws EngineError `ERR_ARG_RANGE` naming the row
 */
export function expectUnitRows(vectors: Float32Array, dim: number, name: string): void {
  for (let begin = 0; begin < vectors.length; begin += dim) {
    let sum = 0;
    for (let i = begin; i < begin + dim; i++) sum += vectors[i]! * vectors[i]!;
    if (Math.abs(sum - 1) > UNIT_TOLERANCE) {
      fail(
        'ERR_ARG_RANGE',
        'rows of unit length (the index measures inner products)',
        name,
        `row ${begin / dim} of length ${Math.sqrt(sum)}`,
      );
    }
  }
}
