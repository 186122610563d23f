/** Wrong values for arguments, and how one of them gets into a list of valid arguments. */
import fc from 'fast-check';

/** What the caller's own objects throw; it comes through as it is. */
export class CallersError extends Error {
  override readonly name = 'CallersError';
}

const refuse = (): never => {
  throw new CallersError('an object of the caller');
};

function trap(): object {
  const traps = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'set'];
  return new Proxy({}, Object.fromEntries(traps.map((name) => [name, refuse])));
}

function detached<T extends Float32Array | Int32Array>(array: T): T {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

type TypedArray = Float32Array | Int32Array | Uint8Array;

/** Values that replace whatever stands there. */
const VALUES: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  'a bigint': () => 10n,
  'a symbol': () => Symbol('x'),
  '-1': () => -1,
  '0': () => 0,
  '1.5': () => 1.5,
  NaN: () => NaN,
  Infinity: () => Infinity,
  '2^40': () => 2 ** 40,
  '2^53': () => 2 ** 53,
  'an empty string': () => '',
  'a word': () => 'word',
  'a NUL': () => 'a\0b',
  'a lone surrogate': () => '\ud800',
  'a long string': () => 'x'.repeat(5000),
  'an empty array': () => [],
  'an array of undefined': () => [undefined],
  'an array of numbers': () => [1, 2],
  'an array of strings': () => ['a', 'b', 'c', 'd'],
  'an array without entries': () => new Array<unknown>(3),
  'an array of traps': () => [trap()],
  'an object': () => ({}),
  'an unknown key': () => ({ unknown: 1 }),
  'an object without prototype': () => Object.create(null) as object,
  'an array-like': () => ({ length: 2 ** 40 }),
  'a date': () => new Date(NaN),
  'a map': () => new Map([['a', 1]]),
  'a function': () => () => undefined,
  'a function that throws': () => refuse,
  'a rejection': () => {
    const promise = Promise.reject(new CallersError('a promise of the caller'));
    promise.catch(() => undefined);
    return promise;
  },
  'a proxy that throws': trap,
  'a getter that throws': () => Object.defineProperty({}, 'length', { get: refuse, enumerable: true }),
  'an aborted signal': () => AbortSignal.abort(),
  'a Float32Array': () => Float32Array.of(1, 0, 0.5),
  'an empty Float32Array': () => new Float32Array(),
  'a Float64Array': () => Float64Array.of(1, 0),
  'an Int32Array': () => Int32Array.of(-1, 2 ** 31 - 1),
  'a BigInt64Array': () => BigInt64Array.of(1n),
  'a Uint8Array': () => Uint8Array.of(255),
  'a DataView': () => new DataView(new ArrayBuffer(8)),
  'an ArrayBuffer': () => new ArrayBuffer(8),
  'a detached Float32Array': () => detached(new Float32Array(4)),
  'a detached Int32Array': () => detached(new Int32Array(4)),
};

/** Changes of what stands there, for values of a kind; others are left alone. */
const CHANGES: Record<string, (value: unknown) => unknown> = {
  'one entry more': (value) => resized(value, 1),
  'one entry less': (value) => resized(value, -1),
  'in shared memory': (value) =>
    isTyped(value)
      ? new (value.constructor as Float32ArrayConstructor)(new SharedArrayBuffer(value.byteLength)).fill(1)
      : value,
  detached: (value) => (value instanceof Float32Array || value instanceof Int32Array ? detached(value.slice()) : value),
  'NaN within': (value) => (value instanceof Float32Array ? value.fill(NaN) : value),
  'infinite within': (value) => (value instanceof Float32Array ? value.fill(Infinity) : value),
  'out of range within': (value) => (value instanceof Int32Array ? value.fill(2 ** 31 - 1) : value),
  negated: (value) => (typeof value === 'number' ? -value - 1 : value),
  'as a string': (value) => (typeof value === 'number' ? String(value) : value),
  boxed: (value) => (['number', 'string', 'boolean'].includes(typeof value) ? (Object(value) as unknown) : value),
  'with an unknown key': (value) => (isPlain(value) ? { ...value, unknownKey: 1 } : value),
  'behind a proxy': (value) => (typeof value === 'object' && value !== null ? new Proxy(value, {}) : value),
};

function resized(value: unknown, by: number): unknown {
  if (isTyped(value)) {
    const other = new (value.constructor as Float32ArrayConstructor)(Math.max(0, value.length + by));
    other.set(value.subarray(0, other.length));
    return other;
  }
  if (Array.isArray(value)) return by > 0 ? [...(value as unknown[]), value[0] as unknown] : value.slice(0, by);
  if (typeof value === 'number') return value + by;
  return value;
}

function isTyped(value: unknown): value is TypedArray {
  return value instanceof Float32Array || value instanceof Int32Array || value instanceof Uint8Array;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** One wrong value at one place of a list of arguments: an argument, or something within it. */
export interface Mutation {
  argument: number;
  /** Key by key, each by its number. */
  path: readonly number[];
  kind: string;
}

export const mutations: fc.Arbitrary<Mutation> = fc.record({
  argument: fc.nat({ max: 11 }),
  path: fc.array(fc.nat({ max: 11 }), { maxLength: 2 }),
  kind: fc.constantFrom(...Object.keys(VALUES), ...Object.keys(CHANGES)),
});

/** The arguments with the mutation. Plain objects and arrays on the way are copied, so that the given ones stay. */
export function mutate(args: readonly unknown[], { argument, path, kind }: Mutation): unknown[] {
  const apply = (value: unknown): unknown => (Object.hasOwn(CHANGES, kind) ? CHANGES[kind]!(value) : VALUES[kind]!());
  if (args.length === 0) return [apply(undefined)];
  const within = (value: unknown, rest: readonly number[]): unknown => {
    const keys = Array.isArray(value) || isPlain(value) ? Object.keys(value) : [];
    if (keys.length === 0 || rest.length === 0) return apply(value);
    const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
      string,
      unknown
    >;
    const key = keys[rest[0]! % keys.length]!;
    copy[key] = within(copy[key], rest.slice(1));
    return copy;
  };
  return within(args, [argument, ...path]) as unknown[];
}
