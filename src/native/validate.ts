/**
 * Validation of everything that crosses into native code, with one vocabulary and one form of message:
 * `Expected <what> for "<name>", got <actual>`. Every function returns the checked value.
 */
import { EngineError } from '../core/errors.js';

/** Throws the one form of message. */
export function fail(
  code: 'ERR_ARG_TYPE' | 'ERR_ARG_RANGE' | 'ERR_SHAPE_MISMATCH',
  what: string,
  name: string,
  actual: unknown,
): never {
  throw new EngineError(code, `Expected ${what} for "${name}", got ${describe(actual)}`);
}

/** A short description of any value, for messages. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 40 ? `a string of ${value.length} characters` : JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value === null || value === undefined) return String(value);
  if (ArrayBuffer.isView(value) && 'length' in value)
    return `${value.constructor.name} of length ${String(value.length)}`;
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  if (typeof value === 'function') return 'a function';
  return `an object of class ${Object.prototype.toString.call(value).slice(8, -1)}`;
}

export function expectInteger(
  value: unknown,
  name: string,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== 'number') fail('ERR_ARG_TYPE', 'a number', name, value);
  if (!Number.isInteger(value) || value < min || value > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `an integer >= ${min}` : `an integer from ${min} to ${max}`;
    fail('ERR_ARG_RANGE', range, name, value);
  }
  return value;
}

export function expectInRange(value: unknown, name: string, min: number, max: number): number {
  if (typeof value !== 'number') fail('ERR_ARG_TYPE', 'a number', name, value);
  if (!(value >= min && value <= max)) fail('ERR_ARG_RANGE', `a number from ${min} to ${max}`, name, value);
  return value;
}

export function expectString(value: unknown, name: string): string {
  if (typeof value !== 'string') fail('ERR_ARG_TYPE', 'a string', name, value);
  return value;
}

export function expectStrings(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value)) fail('ERR_ARG_TYPE', 'an array of strings', name, value);
  return value.map((entry, i) => expectString(entry, `${name}[${i}]`));
}

export function expectOneOf<const T extends string>(value: unknown, name: string, allowed: readonly T[]): T {
  if (typeof value !== 'string') fail('ERR_ARG_TYPE', `one of ${allowed.join(', ')}`, name, value);
  if (!(allowed as readonly string[]).includes(value))
    fail('ERR_ARG_RANGE', `one of ${allowed.join(', ')}`, name, value);
  return value as T;
}

function refuseShared(array: ArrayBufferView, name: string): void {
  if (typeof SharedArrayBuffer !== 'undefined' && array.buffer instanceof SharedArrayBuffer) {
    fail('ERR_ARG_TYPE', 'an array that is not backed by a SharedArrayBuffer', name, array);
  }
}

/** A Float32Array of exactly rows * cols entries; finite entries are checked by the operation, natively. */
export function expectMatrix(value: unknown, name: string, rows: number, cols: number): Float32Array {
  if (!(value instanceof Float32Array)) fail('ERR_ARG_TYPE', 'a Float32Array', name, value);
  refuseShared(value, name);
  if (value.length !== rows * cols) {
    fail('ERR_SHAPE_MISMATCH', `${rows} x ${cols} = ${rows * cols} entries`, name, value);
  }
  return value;
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
  if (!(value instanceof Float32Array)) fail('ERR_ARG_TYPE', 'a Float32Array', name, value);
  refuseShared(value, name);
  if (value.length % dim !== 0) fail('ERR_SHAPE_MISMATCH', `a multiple of ${dim} (dim) entries`, name, value);
  const rows = value.length / dim;
  if (rows < minRows) fail('ERR_SHAPE_MISMATCH', `at least ${minRows * dim} entries`, name, value);
  if (rows > maxRows) fail('ERR_SHAPE_MISMATCH', `at most ${maxRows} rows of ${dim} entries`, name, value);
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
  if (!(value instanceof Int32Array)) fail('ERR_ARG_TYPE', 'an Int32Array', name, value);
  refuseShared(value, name);
  if (value.length !== length) fail('ERR_SHAPE_MISMATCH', `${length} entries`, name, value);
  for (let i = 0; i < length; i++) {
    const entry = value[i]!;
    if (entry < min || entry > max) fail('ERR_ARG_RANGE', `entries from ${min} to ${max}`, `${name}[${i}]`, entry);
  }
  return value;
}

/** Offsets of a packed batch: `sequences + 1` ascending entries from 0; the last is the number of packed rows. */
export function expectOffsets(value: unknown, name: string): Int32Array {
  if (!(value instanceof Int32Array)) fail('ERR_ARG_TYPE', 'an Int32Array', name, value);
  refuseShared(value, name);
  if (value.length === 0 || value[0] !== 0) fail('ERR_SHAPE_MISMATCH', 'entries that start at 0', name, value);
  for (let i = 1; i < value.length; i++) {
    if (value[i]! < value[i - 1]!) fail('ERR_ARG_RANGE', `an entry >= ${value[i - 1]}`, `${name}[${i}]`, value[i]);
  }
  return value;
}

/** A plain options object without unknown keys; `undefined` counts as an empty one. */
export function expectOptions<K extends string>(
  value: unknown,
  name: string,
  keys: readonly K[],
): Partial<Record<K, unknown>> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    fail('ERR_ARG_TYPE', 'an object', name, value);
  for (const key of Object.keys(value)) {
    if (!(keys as readonly string[]).includes(key)) {
      fail('ERR_ARG_TYPE', `only the keys ${keys.join(', ')}`, name, key);
    }
  }
  return value;
}

export function expectCallback<F extends (...args: never[]) => unknown>(
  value: F | undefined,
  name: string,
): F | undefined {
  if (value !== undefined && typeof value !== 'function') fail('ERR_ARG_TYPE', 'a function', name, value);
  return value;
}

export function expectSignal(value: unknown, name: string): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (!(value instanceof AbortSignal)) fail('ERR_ARG_TYPE', 'an AbortSignal', name, value);
  return value;
}
