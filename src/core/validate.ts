/**
 * Validation of arguments, with one vocabulary and one form of message: `Expected <what> for "<name>", got <actual>`.
 * Every function returns the checked value. Arrays of numbers are in `native/validate.ts`.
 */
import { EngineError } from './errors.js';

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

/** The path of a file or folder, which need not exist. */
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

/** An array whose entries `expectEntry` accepts; it gets their names, such as `paths[2]`. */
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
  return expectArray(value, name, expectString);
}

/** Any object but an array or a function. */
export function expectObject<T extends object>(value: T, name: string): Partial<Record<keyof T, unknown>>;
export function expectObject(value: unknown, name: string): Record<string, unknown>;
export function expectObject(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    fail('ERR_ARG_TYPE', 'an object', name, value);
  return value as Record<string, unknown>;
}

/** A plain options object without unknown keys; `undefined` counts as an empty one. */
export function expectOptions<K extends string>(
  value: unknown,
  name: string,
  keys: readonly K[],
): Partial<Record<K, unknown>> {
  if (value === undefined) return {};
  for (const key of Object.keys(expectObject(value, name))) {
    if (!(keys as readonly string[]).includes(key)) {
      fail('ERR_ARG_TYPE', `only the keys ${keys.join(', ')}`, name, key);
    }
  }
  return value as Partial<Record<K, unknown>>;
}

export function expectCallback<F extends (...args: never[]) => unknown>(
  value: F | undefined,
  name: string,
): F | undefined {
  if (value !== undefined && typeof value !== 'function') fail('ERR_ARG_TYPE', 'a function', name, value);
  return value;
}

/** An object of callbacks, some of which may be missing; `undefined` counts as an empty one. */
export function expectCallbacks(value: unknown, name: string, keys: readonly string[]): void {
  for (const [key, callback] of Object.entries(expectOptions(value, name, keys)))
    expectCallback(callback as () => unknown, `${name}.${key}`);
}

export function expectSignal(value: unknown, name: string): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (!(value instanceof AbortSignal)) fail('ERR_ARG_TYPE', 'an AbortSignal', name, value);
  return value;
}
