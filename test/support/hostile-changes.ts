/** Changes of a valid value into a wrong one of its kind. Values of other kinds are left alone. */
import { detached, refuse, shrinking } from './hostile-values.js';

type TypedArray = Float32Array | Int32Array | Uint8Array;

export const CHANGES: Record<string, (value: unknown) => unknown> = {
  'one entry more': (value) => resized(value, 1),
  'one entry less': (value) => resized(value, -1),
  'ten times as large': (value) => (typeof value === 'number' ? 10 * value : value),
  'in shared memory': (value) =>
    isTyped(value) ? new (classOf(value))(new SharedArrayBuffer(value.byteLength)).fill(1) : value,
  detached: (value) => (value instanceof Float32Array || value instanceof Int32Array ? detached(value.slice()) : value),
  'in memory that shrinks': (value) => (value instanceof Float32Array ? shrinking(value) : value),
  'within a larger buffer': (value) => {
    if (!isTyped(value)) return value;
    const larger = new (classOf(value))(value.length + 3);
    larger.set(value, 1);
    return larger.subarray(1, value.length + 1);
  },
  'with a wrong length': (value) => (isTyped(value) ? Object.defineProperty(value.slice(), 'length', LIE) : value),
  'of a subclass': (value) =>
    isTyped(value)
      ? new (class extends classOf(value) {
          override get length(): number {
            return 3;
          }
        })(value)
      : value,
  'of another type': (value) => (isTyped(value) ? Float64Array.from(value) : value),
  'NaN within': (value) => (value instanceof Float32Array ? value.slice().fill(NaN) : value),
  'infinite within': (value) => (value instanceof Float32Array ? value.slice().fill(Infinity) : value),
  'huge within': (value) => (value instanceof Float32Array ? value.map((entry) => entry * 3e38) : value),
  'zero within': (value) => (isTyped(value) ? value.slice().fill(0) : value),
  'out of range within': (value) => (value instanceof Int32Array ? value.slice().fill(2 ** 31 - 1) : value),
  'negative within': (value) => (value instanceof Int32Array ? value.map((entry) => -entry - 1) : value),
  'random bytes within': (value) =>
    value instanceof Uint8Array ? value.map((byte, i) => (i % 7 ? byte : ~byte)) : value,
  backwards: (value) => (isTyped(value) ? value.slice().reverse() : value),
  negated: (value) => (typeof value === 'number' ? -value - 1 : value),
  'as a string': (value) => (typeof value === 'number' ? String(value) : value),
  'as a bigint': (value) => (Number.isInteger(value) ? BigInt(value as number) : value),
  boxed: (value) => (['number', 'string', 'boolean'].includes(typeof value) ? (Object(value) as unknown) : value),
  frozen: (value) => (Array.isArray(value) || isPlain(value) ? Object.freeze(value) : value),
  'all entries equal': (value) => (isList(value) ? value.map(() => value[0]) : value),
  'without an entry': (value) => (isList(value) ? value.map((entry, i) => (i === 0 ? undefined : entry)) : value),
  'a thousand times': (value) =>
    isList(value) && value.length < 100 ? Array.from({ length: 1000 }, () => value).flat() : value,
  'with an unknown key': (value) => (isPlain(value) ? { ...value, unknownKey: 1 } : value),
  'with inherited keys': (value) => (isPlain(value) ? (Object.create(value) as unknown) : value),
  'with a key that throws': (value) =>
    isPlain(value) ? Object.defineProperty({ ...value }, Object.keys(value)[0] ?? 'a', { get: refuse }) : value,
  'different at every look': (value) => (isPlain(value) ? inconstant(value) : value),
  'behind a proxy': (value) => (typeof value === 'object' && value !== null ? new Proxy(value, {}) : value),
};

const LIE = { value: 2 ** 20 };

/** The properties are right when they are first read, and wrong afterwards. */
function inconstant(value: Record<string, unknown>): unknown {
  const other = (now: unknown): unknown =>
    typeof now === 'number' ? 2 ** 40 : isTyped(now) ? now.slice(1) : undefined;
  const copy = {};
  for (const [key, entry] of Object.entries(value)) {
    let looks = 0;
    Object.defineProperty(copy, key, { enumerable: true, get: () => (looks++ === 0 ? entry : other(entry)) });
  }
  return copy;
}

function resized(value: unknown, by: number): unknown {
  if (isTyped(value)) {
    const other = new (classOf(value))(Math.max(0, value.length + by));
    other.set(value.subarray(0, other.length));
    return other;
  }
  if (Array.isArray(value)) return by > 0 ? [...(value as unknown[]), value[0] as unknown] : value.slice(0, by);
  if (typeof value === 'number') return value + by;
  return value;
}

/** Buffer is not a class like the others. */
function classOf(value: TypedArray): Float32ArrayConstructor {
  return (Buffer.isBuffer(value) ? Uint8Array : value.constructor) as Float32ArrayConstructor;
}

function isTyped(value: unknown): value is TypedArray {
  return value instanceof Float32Array || value instanceof Int32Array || value instanceof Uint8Array;
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

export function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
