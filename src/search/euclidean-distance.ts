import { EngineError } from '../core/errors.js';
import { fail } from '../core/validate.js';
import type { IndexMetric } from '../native/metrics.js';

/** Tolerance for the squared length of unit vectors that were stored as f16. */
const UNIT_TOLERANCE = 1e-3;

/**
 * Converts the distance that a search reports to a Euclidean distance.
 *
 * @param measured `'l2'`: the squared distance; `'ip'`: the inner product of two unit vectors
 * @throws EngineError `ERR_NON_FINITE` for vectors so long that float32 cannot hold the square
 */
export function euclideanDistance(measured: number, metric: IndexMetric): number {
  const squared = metric === 'l2' ? measured : 2 - 2 * measured;
  if (!Number.isFinite(squared)) {
    throw new EngineError(
      'ERR_NON_FINITE',
      `Expected vectors whose squared distances float32 can hold, got a distance of ${measured}`,
    );
  }
  return Math.sqrt(Math.max(0, squared)); // rounding can make it slightly negative
}

/**
 * Rejects rows that are not of unit length.
 *
 * @param reason why they must be
 * @throws EngineError `ERR_ARG_RANGE` naming the row
 */
export function expectUnitRows(
  vectors: Float32Array,
  dim: number,
  name: string,
  reason = 'the index measures inner products',
): void {
  const row = firstOtherRow(vectors, dim);
  if (row < 0) return;
  const length = Math.sqrt(squaredLength(vectors, dim, row));
  fail('ERR_ARG_RANGE', `rows of unit length (${reason})`, name, `row ${row} of length ${length.toPrecision(3)}`);
}

/** Whether all rows have unit length. */
export function haveUnitLength(vectors: Float32Array, dim: number): boolean {
  return firstOtherRow(vectors, dim) < 0;
}

/** Returns the first row that is not of unit length, or -1. */
function firstOtherRow(vectors: Float32Array, dim: number): number {
  for (let row = 0; row < vectors.length / dim; row++)
    if (Math.abs(squaredLength(vectors, dim, row) - 1) > UNIT_TOLERANCE) return row;
  return -1;
}

function squaredLength(vectors: Float32Array, dim: number, row: number): number {
  let sum = 0;
  for (let i = row * dim; i < (row + 1) * dim; i++) sum += vectors[i]! * vectors[i]!;
  return sum;
}
