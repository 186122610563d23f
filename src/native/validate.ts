/** Validation of arrays of numbers, which cross into native code; it goes on from the vocabulary for all arguments. */
import { EngineError } from '../core/errors.js';
import { fail } from '../core/validate.js';

export * from '../core/validate.js';

/** Of that very type: not behind a proxy, in shared memory, or detached, as native code can read none of these. */
export function expectFloat32Array(value: unknown, name: string): Float32Array {
  if (!ArrayBuffer.isView(value) || !(value instanceof Float32Array))
    fail('ERR_ARG_TYPE', 'a Float32Array', name, value);
  refuseUnreadable(value, name);
  return value;
}

/** As {@link expectFloat32Array}. */
export function expectInt32Array(value: unknown, name: string): Int32Array {
  if (!ArrayBuffer.isView(value) || !(value instanceof Int32Array)) fail('ERR_ARG_TYPE', 'an Int32Array', name, value);
  refuseUnreadable(value, name);
  return value;
}

function refuseUnreadable(array: ArrayBufferView & { length: number }, name: string): void {
  if (typeof SharedArrayBuffer !== 'undefined' && array.buffer instanceof SharedArrayBuffer)
    fail('ERR_ARG_TYPE', 'an array that is not backed by a SharedArrayBuffer', name, array);
  if (array.length === 0 && isDetached(array.buffer))
    fail('ERR_ARG_TYPE', 'an array that is not detached', name, array);
}

function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    return new Uint8Array(buffer).length < 0;
  } catch {
    return true; // nothing can be seen through it any more
  }
}

/** A Float32Array of exactly rows * cols entries; finite entries are checked by the operation, natively. */
export function expectMatrix(value: unknown, name: string, rows: number, cols: number): Float32Array {
  const matrix = expectFloat32Array(value, name);
  if (matrix.length !== rows * cols) {
    fail('ERR_SHAPE_MISMATCH', `${rows} x ${cols} = ${rows * cols} entries`, name, matrix);
  }
  return matrix;
}

/**
 * A Float32Array of any number of rows of width `dim`; finite entries are checked by the operation, natively.
 *
 * @returns the number of rows
 */
export function expectVectors(
  value: unknown,
  name: string,
  dim: number,
  minRows = 0,
  maxRows: number = 2 ** 31 - 1,
): number {
  const vectors = expectFloat32Array(value, name);
  if (vectors.length % dim !== 0) fail('ERR_SHAPE_MISMATCH', `a multiple of ${dim} (dim) entries`, name, vectors);
  const rows = vectors.length / dim;
  if (rows < minRows) fail('ERR_SHAPE_MISMATCH', `at least ${minRows * dim} entries`, name, vectors);
  if (rows > maxRows) fail('ERR_SHAPE_MISMATCH', `at most ${maxRows} rows of ${dim} entries`, name, vectors);
  return rows;
}

/** As {@link expectVectors}; refuses NaN and infinity, naming the row. */
export function expectFiniteVectors(value: unknown, name: string, dim: number, minRows = 0): number {
  const rows = expectVectors(value, name, dim, minRows);
  const vectors = value as Float32Array;
  const bad = vectors.findIndex((entry) => !Number.isFinite(entry));
  if (bad >= 0) {
    throw new EngineError(
      'ERR_NON_FINITE',
      `Expected finite entries for "${name}", got ${vectors[bad]} in row ${Math.floor(bad / dim)}`,
    );
  }
  return rows;
}

/** An Int32Array of `length` entries, each within [min, max]. */
export function expectInt32(value: unknown, name: string, length: number, min: number, max: number): Int32Array {
  const array = expectInt32Array(value, name);
  if (array.length !== length) fail('ERR_SHAPE_MISMATCH', `${length} entries`, name, array);
  for (let i = 0; i < length; i++) {
    const entry = array[i]!;
    if (entry < min || entry > max) fail('ERR_ARG_RANGE', `entries from ${min} to ${max}`, `${name}[${i}]`, entry);
  }
  return array;
}

/** Offsets of a packed batch: `sequences + 1` ascending entries from 0; the last is the number of packed rows. */
export function expectOffsets(value: unknown, name: string): Int32Array {
  const offsets = expectInt32Array(value, name);
  if (offsets.length === 0 || offsets[0] !== 0) fail('ERR_SHAPE_MISMATCH', 'entries that start at 0', name, offsets);
  for (let i = 1; i < offsets.length; i++) {
    if (offsets[i]! < offsets[i - 1]!) {
      fail('ERR_ARG_RANGE', `an entry >= ${offsets[i - 1]}`, `${name}[${i}]`, offsets[i]);
    }
  }
  return offsets;
}
