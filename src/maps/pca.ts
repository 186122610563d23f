/** Principal components of embeddings. */

import { throwIfAborted } from '../core/abort.js';
import { allocateFloat32, allocateFloat64 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import { matmul } from '../native/matmul.js';

/** Number of rows whose products are summed in float32. These sums are added in double precision. */
const CHUNK_ROWS = 4096;

export interface PrincipalComponents {
  /** [rows, 2], row-major: the deviation from the mean along the first two components. */
  coordinates: Float32Array;
  /** Share of the variance along each component; 0 if all rows are equal. */
  explained: [number, number];
}

/**
 * Projects rows onto their first two principal components. The largest entry of a component is positive, so that equal
 * input gives equal output. Computes the eigenvectors of the [dim, dim] covariance on the calling thread, which takes
 * about a second for 768 dimensions.
 *
 * @param embeddings [rows, dim], row-major, finite
 * @throws EngineError `ERR_NON_FINITE` if the entries are so large that their squares overflow (above about 1e19),
 *   `ERR_ABORTED`
 */
export async function principalComponents(
  embeddings: Float32Array,
  rows: number,
  dim: number,
  signal?: AbortSignal,
): Promise<PrincipalComponents> {
  const mean = meanRow(embeddings, rows, dim);
  const covariance = allocateFloat64(dim * dim, 'the covariance matrix');
  for (let first = 0; first < rows; first += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, rows - first);
    const centred = new Float32Array(count * dim);
    for (let i = 0; i < centred.length; i++) centred[i] = embeddings[first * dim + i]! - mean[i % dim]!;
    const products = await matmul(centred, centred, dim, dim, count, { transposeA: true, ...(signal && { signal }) });
    for (let i = 0; i < products.length; i++) covariance[i]! += products[i]! / rows;
  }
  throwIfAborted(signal);
  const total = traceOf(covariance, dim);
  if (!Number.isFinite(total))
    throw new EngineError('ERR_NON_FINITE', 'The variance of "embeddings" exceeds float32; scale them down');
  const components = total > 0 ? await leadingVectors(covariance, dim) : [];
  const coordinates = allocateFloat32(rows * 2, 'the coordinates');
  for (let row = 0; row < rows; row++) {
    components.forEach(({ vector }, axis) => {
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += (embeddings[row * dim + i]! - mean[i]!) * vector[i]!;
      coordinates[row * 2 + axis] = sum;
    });
  }
  const share = (axis: number): number => Math.max(0, components[axis]?.variance ?? 0) / (total || 1);
  return { coordinates, explained: [share(0), share(1)] };
}

function meanRow(embeddings: Float32Array, rows: number, dim: number): Float64Array {
  const mean = new Float64Array(dim);
  for (let row = 0; row < rows; row++) for (let i = 0; i < dim; i++) mean[i]! += embeddings[row * dim + i]!;
  return mean.map((sum) => sum / rows);
}

function traceOf(matrix: Float64Array, dim: number): number {
  let trace = 0;
  for (let i = 0; i < dim; i++) trace += matrix[i * dim + i]!;
  return trace;
}

async function leadingVectors(
  covariance: Float64Array,
  dim: number,
): Promise<{ vector: Float64Array; variance: number }[]> {
  const { EigenvalueDecomposition, Matrix } = await import('ml-matrix');
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(Matrix.from1DArray(dim, dim, covariance), {
    assumeSymmetric: true,
  });
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!);
  return order.slice(0, 2).map((column) => {
    const vector = Float64Array.from(eigenvectorMatrix.getColumn(column));
    const largest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
    return { vector: largest < 0 ? vector.map((value) => -value) : vector, variance: realEigenvalues[column]! };
  });
}
