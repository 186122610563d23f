import { allocateFloat32 } from '../core/allocate.js';

/** Copies rows of a row-major matrix of width `dim`, in the order of `rows`. */
export function gatherRows(matrix: Float32Array, dim: number, rows: Int32Array): Float32Array {
  const out = allocateFloat32(rows.length * dim, 'the selected rows');
  rows.forEach((row, i) => out.set(matrix.subarray(row * dim, (row + 1) * dim), i * dim));
  return out;
}
