/**
 * Least-squares concept erasure (LEACE; Belrose et al. 2023, NeurIPS, equation 1): the smallest change of vectors after
 * which no linear classifier can tell labels apart on the rows that it was fitted on.
 */
import { SeededRandom } from '../../core/random.js';

/** Maps a vector x to x - left (right (x - mean)). */
export interface Erasure {
  mean: Float64Array;
  /** Number of directions that are removed: at most labels - 1. */
  rank: number;
  /** [rank, dim], orthonormal rows in the whitened space, in the coordinates of the vectors before whitening. */
  right: Float64Array;
  /** [rank, dim], the vectors that are subtracted. */
  left: Float64Array;
}

/** Whitens vectors, and undoes that. */
export interface Whitening {
  mean: Float64Array;
  dim: number;
  /** [dim, dim], symmetric: covariance to the power of -1/2, and of 1/2. */
  forward: Float64Array;
  backward: Float64Array;
}

/** Directions with less of the variance than this share of the largest are noise. */
const NEGLIGIBLE = 1e-9;

/**
 * Fits the erasure of labels.
 *
 * @param vectors [rows, dim], row-major, those that were whitened
 * @param labels [rows], label index of every row
 */
export function fitErasure(vectors: Float32Array, labels: Int32Array, whitening: Whitening): Erasure {
  return eraseDirections(whitening, classMeans(vectors, labels, whitening));
}

/** Makes an erasure of `rank` random directions, for comparison. */
export function makeRandomErasure(rank: number, seed: number, whitening: Whitening): Erasure {
  const random = new SeededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const directions = Array.from({ length: rank }, () => Float64Array.from({ length: whitening.dim }, normal));
  return eraseDirections(whitening, directions);
}

/** Applies an erasure to vectors [rows, dim], and scales them to unit length. */
export function erase(vectors: Float32Array, dim: number, { mean, right, left, rank }: Erasure): Float32Array {
  const erased = Float32Array.from(vectors);
  for (let row = 0; row < vectors.length; row += dim) {
    const x = erased.subarray(row, row + dim);
    const centred = x.map((value, d) => value - mean[d]!);
    for (let r = 0; r < rank; r++) {
      let product = 0;
      for (let d = 0; d < dim; d++) product += right[r * dim + d]! * centred[d]!;
      for (let d = 0; d < dim; d++) x[d]! -= product * left[r * dim + d]!;
    }
    const norm = Math.hypot(...x);
    if (norm > 0) for (let d = 0; d < dim; d++) x[d]! /= norm;
  }
  return erased;
}

/** Computes the whitening of vectors [rows, dim]. */
export async function whiten(vectors: Float32Array, dim: number): Promise<Whitening> {
  const rows = vectors.length / dim;
  const mean = new Float64Array(dim);
  for (let i = 0; i < vectors.length; i++) mean[i % dim]! += vectors[i]! / rows;
  const covariance = new Float64Array(dim * dim);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < dim; i++) {
      const a = (vectors[row * dim + i]! - mean[i]!) / rows;
      for (let j = 0; j < dim; j++) covariance[i * dim + j]! += a * (vectors[row * dim + j]! - mean[j]!);
    }
  }
  const { EigenvalueDecomposition, Matrix } = await import('ml-matrix');
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(Matrix.from1DArray(dim, dim, covariance), {
    assumeSymmetric: true,
  });
  const least = NEGLIGIBLE * Math.max(...realEigenvalues);
  const power = (exponent: number): Float64Array => {
    const result = new Float64Array(dim * dim);
    realEigenvalues.forEach((value, k) => {
      if (value <= least) return;
      const scale = value ** exponent;
      const vector = eigenvectorMatrix.getColumn(k);
      for (let i = 0; i < dim; i++)
        for (let j = 0; j < dim; j++) result[i * dim + j]! += scale * vector[i]! * vector[j]!;
    });
    return result;
  };
  return { mean, dim, forward: power(-0.5), backward: power(0.5) };
}

/** Whitened means of the labels: their span is that of the covariance of vectors and labels. */
function classMeans(vectors: Float32Array, labels: Int32Array, { mean, dim, forward }: Whitening): Float64Array[] {
  const sums = new Map<number, { rows: number; sum: Float64Array }>();
  labels.forEach((label, row) => {
    const { rows, sum } = sums.get(label) ?? { rows: 0, sum: new Float64Array(dim) };
    for (let d = 0; d < dim; d++) sum[d]! += vectors[row * dim + d]! - mean[d]!;
    sums.set(label, { rows: rows + 1, sum });
  });
  return [...sums.values()].map(({ rows, sum }) => multiply(forward, sum, dim).map((value) => value / rows));
}

/** Removes the span of whitened directions. */
function eraseDirections({ mean, dim, forward, backward }: Whitening, directions: readonly Float64Array[]): Erasure {
  const basis = orthonormalise(directions);
  const right = new Float64Array(basis.length * dim);
  const left = new Float64Array(basis.length * dim);
  basis.forEach((direction, r) => {
    right.set(multiply(forward, direction, dim), r * dim);
    left.set(multiply(backward, direction, dim), r * dim);
  });
  return { mean, rank: basis.length, right, left };
}

/** Gram-Schmidt, twice for accuracy. Directions that depend on earlier ones are left out. */
function orthonormalise(directions: readonly Float64Array[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const direction of directions) {
    const rest = Float64Array.from(direction);
    const before = Math.hypot(...rest);
    for (let pass = 0; pass < 2; pass++) {
      for (const other of basis) {
        const product = other.reduce((sum, value, d) => sum + value * rest[d]!, 0);
        for (let d = 0; d < rest.length; d++) rest[d]! -= product * other[d]!;
      }
    }
    const norm = Math.hypot(...rest);
    if (norm > 1e-6 * before) basis.push(rest.map((value) => value / norm));
  }
  return basis;
}

function multiply(matrix: Float64Array, vector: Float64Array, dim: number): Float64Array {
  return vector.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < dim; j++) sum += matrix[i * dim + j]! * vector[j]!;
    return sum;
  });
}
