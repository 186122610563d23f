/**
 * Validation of arguments, with one vocabulary and one form of message: `Expected <what> for "<name>", got <actual>`.
 * Every function returns the checked value.
 */
import { EngineError } from './errors.js';

/** Throws an error whose message has the form above. */
export function fail(
  code: 'ERR_ARG_TYPE' | 'ERR_ARG_RANGE' | 'ERR_SHAPE_MISMATCH',
  what: string,
  name: string,
  actual: unknown,
): never {
  throw new EngineError(code, `Expected ${what} for "${name}", got ${describe(actual)}`);
}

/** Describes any value briefly, for messages. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 40 ? `a string of ${value.length} characters` : JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value === null || value === undefined) return String(value);
  if (ArrayBuffer.isView(value) && 'length' in value)
    return `${value.constructor.name} of length ${String(value.length)}`;
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
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

export function expectBoolean(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') fail('ERR_ARG_TYPE', 'true or false', name, value);
  return value;
}

export function expectString(value: unknown, name: string): string {
  if (typeof value !== 'string') fail('ERR_ARG_TYPE', 'a string', name, value);
  return value;
}

/** Expects the path of a file or folder, which need not exist. */
export function expectPath(value: unknown, name: string): string {
  const path = expectString(value, name);
  if (path === '' || path.includes('\0')) fail('ERR_ARG_RANGE', 'a path', name, path);
  return path;
}

export function expectOneOf<const T extends string>(value: unknown, name: string, allowed: readonly T[]): T {
  if (typeof value !== 'string') fail('ERR_ARG_TYPE', `one of ${allowed.join(', ')}`, name, value);
  if (!(allowed as readonly string[]).includes(value))
    fail('ERR_ARG_RANGE', `one of ${allowed.join(', ')}`, name, value);
  return value as T;
}

/** Expects an array, and checks each entry by `expectEntry`, which receives its name, such as `paths[2]`. */
export function expectArray<T>(
  value: unknown,
  name: string,
  expectEntry: (entry: unknown, name: string) => T,
): readonly T[] {
  if (!Array.isArray(value)) fail('ERR_ARG_TYPE', 'an array', name, value);
  for (let i = 0; i < value.length; i++) expectEntry(value[i], `${name}[${i}]`);
  return value as T[];
}

export function expectStrings(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value)) fail('ERR_ARG_TYPE', 'an array of strings', name, value);
  // Building the names of a million entries would take longer than checking them.
  const wrong = value.findIndex((entry) => typeof entry !== 'string');
  if (wrong >= 0) expectString(value[wrong], `${name}[${wrong}]`);
  return value as string[];
}

/** Expects an iterable that is not a string. */
export function expectIterable(value: unknown, name: string): void {
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value))
    fail('ERR_ARG_TYPE', 'an array', name, value);
  if (ArrayBuffer.isView(value) && 'length' in value) rejectUnreadable(value as Float32Array, name);
}

/** Expects an object that is neither an array nor a function. */
export function expectObject<T extends object>(value: T, name: string): Partial<Record<keyof T, unknown>>;
export function expectObject(value: unknown, name: string): Record<string, unknown>;
export function expectObject(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    fail('ERR_ARG_TYPE', 'an object', name, value);
  return value as Record<string, unknown>;
}

/**
 * Expects an options object without unknown keys. Treats `undefined` as an empty object.
 *
 * @returns a copy, because the caller may change the object while the call runs
 */
export function expectOptions<K extends string>(
  value: unknown,
  name: string,
  keys: readonly K[],
): Partial<Record<K, unknown>> {
  if (value === undefined) return {};
  const given = expectObject(value, name);
  for (const key of Object.keys(given)) {
    if (!(keys as readonly string[]).includes(key)) {
      fail('ERR_ARG_TYPE', `only the keys ${keys.join(', ')}`, name, key);
    }
  }
  const copy: Partial<Record<K, unknown>> = {};
  for (const key of keys) if (key in given) copy[key] = given[key];
  return copy;
}

export function expectFunction(value: unknown, name: string): void {
  if (typeof value !== 'function') fail('ERR_ARG_TYPE', 'a function', name, value);
}

export function expectCallback<F extends (...args: never[]) => unknown>(
  value: F | undefined,
  name: string,
): F | undefined {
  if (value !== undefined) expectFunction(value, name);
  return value;
}

/** Expects an object of optional callbacks. Treats `undefined` as an empty object. */
export function expectCallbacks(value: unknown, name: string, keys: readonly string[]): void {
  for (const [key, callback] of Object.entries(expectOptions(value, name, keys)))
    expectCallback(callback as () => unknown, `${name}.${key}`);
}

export function expectSignal(value: unknown, name: string): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (!(value instanceof AbortSignal)) fail('ERR_ARG_TYPE', 'an AbortSignal', name, value);
  return value;
}

/**
 * Expects a real Float32Array: native code cannot read a proxy, a SharedArrayBuffer, a detached array, or memory that
 * can shrink while it reads.
 */
export function expectFloat32Array(value: unknown, name: string): Float32Array {
  if (!ArrayBuffer.isView(value) || !(value instanceof Float32Array))
    fail('ERR_ARG_TYPE', 'a Float32Array', name, value);
  rejectUnreadable(value, name);
  return value;
}

/** Like {@link expectFloat32Array}. */
export function expectUint8Array(value: unknown, name: string): Uint8Array {
  if (!ArrayBuffer.isView(value) || !(value instanceof Uint8Array)) fail('ERR_ARG_TYPE', 'a Uint8Array', name, value);
  rejectUnreadable(value, name);
  return value;
}

/** Like {@link expectFloat32Array}. */
export function expectUint32Array(value: unknown, name: string): Uint32Array {
  if (!ArrayBuffer.isView(value) || !(value instanceof Uint32Array)) fail('ERR_ARG_TYPE', 'a Uint32Array', name, value);
  rejectUnreadable(value, name);
  return value;
}

/** Like {@link expectFloat32Array}. */
export function expectFloat64Array(value: unknown, name: string): Float64Array {
  if (!ArrayBuffer.isView(value) || !(value instanceof Float64Array))
    fail('ERR_ARG_TYPE', 'a Float64Array', name, value);
  rejectUnreadable(value, name);
  return value;
}

/** Like {@link expectFloat32Array}. */
export function expectInt32Array(value: unknown, name: string): Int32Array {
  if (!ArrayBuffer.isView(value) || !(value instanceof Int32Array)) fail('ERR_ARG_TYPE', 'an Int32Array', name, value);
  rejectUnreadable(value, name);
  return value;
}

const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** Rejects an array that native code cannot read, for the types without a function above. */
export function rejectUnreadable(array: ArrayBufferView & { length: number }, name: string): void {
  if (typeof SharedArrayBuffer !== 'undefined' && array.buffer instanceof SharedArrayBuffer)
    fail('ERR_ARG_TYPE', 'an array that is not backed by a SharedArrayBuffer', name, array);
  if ((array.buffer as { resizable?: boolean }).resizable === true)
    fail('ERR_ARG_TYPE', 'an array whose ArrayBuffer cannot be resized', name, array);
  if (array.length !== lengthOf(array)) fail('ERR_ARG_TYPE', 'an array with its own length', name, array);
  if (array.length === 0 && isDetached(array.buffer))
    fail('ERR_ARG_TYPE', 'an array that is not detached', name, array);
}

/** The length that native code sees, even if an array or its class has another property of that name. */
function lengthOf(array: ArrayBufferView): number {
  return Reflect.get(TYPED_ARRAY, 'length', array) as number;
}

function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    return new Uint8Array(buffer).length < 0;
  } catch {
    return true; // a detached buffer has no views
  }
}

/** Expects a Float32Array of exactly rows * cols entries. The native operation checks that they are finite. */
export function expectMatrix(value: unknown, name: string, rows: number, cols: number): Float32Array {
  const matrix = expectFloat32Array(value, name);
  if (matrix.length !== rows * cols) {
    fail('ERR_SHAPE_MISMATCH', `${rows} x ${cols} = ${rows * cols} entries`, name, matrix);
  }
  return matrix;
}

/**
 * Expects a Float32Array of any number of rows of width `dim`. The native operation checks that entries are finite.
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

/** Like {@link expectVectors}, but also rejects NaN and infinity, and names the row. */
export function expectFiniteVectors(value: unknown, name: string, dim: number, minRows = 0): number {
  const rows = expectVectors(value, name, dim, minRows);
  const vectors = value as Float32Array;
  const bad = vectors.findIndex((entry) => !Number.isFinite(entry));
  if (bad >= 0) {
    throw new EngineError(
      'ERR_NON_FINITE',
      `Expected finite numbers for "${name}", got ${vectors[bad]} in row ${Math.floor(bad / dim)}`,
    );
  }
  return rows;
}

/** Expects an Int32Array of `length` entries, each within [min, max]. */
export function expectInt32(value: unknown, name: string, length: number, min: number, max: number): Int32Array {
  const array = expectInt32Array(value, name);
  if (array.length !== length) fail('ERR_SHAPE_MISMATCH', `${length} entries`, name, array);
  for (let i = 0; i < length; i++) {
    const entry = array[i]!;
    if (entry < min || entry > max) fail('ERR_ARG_RANGE', `entries from ${min} to ${max}`, `${name}[${i}]`, entry);
  }
  return array;
}

/** Expects offsets of a packed batch: `sequences + 1` ascending entries from 0 to the number of packed rows. */
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
