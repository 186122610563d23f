/** Wrong values that replace an argument, or something within it. */

/** What the caller's own objects throw; it comes through as it is. */
export class CallersError extends Error {
  override readonly name = 'CallersError';
}

export const refuse = (): never => {
  throw new CallersError('an object of the caller');
};

export function trap(): object {
  const traps = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'set'];
  return new Proxy({}, Object.fromEntries(traps.map((name) => [name, refuse])));
}

export function detached<T extends Float32Array | Int32Array>(array: T): T {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

/** Node 20 has buffers that can be resized; the types do not know them yet. */
type ResizableBuffer = ArrayBuffer & { resize(bytes: number): void };
const NewBuffer = ArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => ResizableBuffer;

/** A copy of a Float32Array whose buffer shrinks to nothing in a moment, when a call is using it. */
export function shrinking(array: Float32Array): Float32Array {
  const buffer = new NewBuffer(array.byteLength, { maxByteLength: array.byteLength });
  const copy = new Float32Array(buffer);
  copy.set(array);
  setTimeout(() => buffer.resize(0), 1);
  return copy;
}

function promiseOf(error: Error): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(() => undefined);
  return promise;
}

function cyclic(value: unknown[] | Record<string, unknown>): unknown {
  if (Array.isArray(value)) value.push(value);
  else value['self'] = value;
  return value;
}

export const VALUES: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  'a bigint': () => 10n,
  'a huge bigint': () => 2n ** 200n,
  'a symbol': () => Symbol('x'),
  '-1': () => -1,
  '0': () => 0,
  '-0': () => -0,
  '1': () => 1,
  '1.5': () => 1.5,
  NaN: () => NaN,
  Infinity: () => Infinity,
  '-Infinity': () => -Infinity,
  '1e-320': () => 1e-320,
  '1e308': () => 1e308,
  '2^31': () => 2 ** 31,
  '2^32 + 1': () => 2 ** 32 + 1,
  '2^40': () => 2 ** 40,
  '2^53': () => 2 ** 53,
  '-2^53': () => -(2 ** 53),
  'an empty string': () => '',
  'a word': () => 'word',
  'a NUL': () => 'a\0b',
  'a lone surrogate': () => '\ud800',
  'a line end': () => 'a\r\nb\u2028c',
  'a separator': () => 'a$b$',
  __proto__: () => '__proto__',
  'a number as a string': () => '1',
  'a long string': () => 'x'.repeat(5000),
  'a giant string': () => 'x '.repeat(2 ** 17),
  'an empty array': () => [],
  'an array of undefined': () => [undefined],
  'an array of numbers': () => [1, 2],
  'an array of strings': () => ['a', 'b', 'c', 'd'],
  'an array without entries': () => new Array<unknown>(3),
  'a huge array without entries': () => new Array<unknown>(2 ** 32 - 1),
  'an array that contains itself': () => cyclic(['a']),
  'an array of traps': () => [trap()],
  'an array whose entry throws': () => Object.defineProperty(['a', 'b'], 1, { get: refuse }),
  'deep arrays': () => Array.from({ length: 5000 }).reduce<unknown[]>((inner) => [inner], []),
  'a frozen object': () => Object.freeze({}),
  'an object': () => ({}),
  'an object that contains itself': () => cyclic({}),
  'an unknown key': () => ({ unknown: 1 }),
  'a key __proto__': () =>
    JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}') as unknown,
  'an object without prototype': () => Object.create(null) as object,
  'an array-like': () => ({ length: 2 ** 40 }),
  'a date': () => new Date(NaN),
  'a map': () => new Map([['a', 1]]),
  'an error': () => new RangeError('of the caller'),
  'a function': () => () => undefined,
  'a function that throws': () => refuse,
  'a function that returns a symbol': () => () => Symbol('x'),
  'a function that rejects': () => () => promiseOf(new CallersError('a callback of the caller')),
  'a generator': () =>
    function* () {
      yield 1;
    },
  'a rejection': () => promiseOf(new CallersError('a promise of the caller')),
  'a promise': () => Promise.resolve(1),
  'an object whose then throws': () => ({ then: refuse }),
  'a proxy that throws': trap,
  'a getter that throws': () => Object.defineProperty({}, 'length', { get: refuse, enumerable: true }),
  'a conversion that throws': () => ({ toString: refuse, valueOf: refuse, toJSON: refuse }),
  'a conversion to a number': () => ({ valueOf: () => 2, toString: () => '2' }),
  'an aborted signal': () => AbortSignal.abort(),
  'no signal, but like one': () => ({ aborted: false, addEventListener: refuse, removeEventListener: refuse }),
  'a Float32Array': () => Float32Array.of(1, 0, 0.5),
  'an empty Float32Array': () => new Float32Array(),
  'a Float64Array': () => Float64Array.of(1, 0),
  'an Int32Array': () => Int32Array.of(-1, 2 ** 31 - 1),
  'a BigInt64Array': () => BigInt64Array.of(1n),
  'a Uint8Array': () => Uint8Array.of(255),
  'a Buffer': () => Buffer.from('abc'),
  'a DataView': () => new DataView(new ArrayBuffer(8)),
  'an ArrayBuffer': () => new ArrayBuffer(8),
  'a SharedArrayBuffer': () => new SharedArrayBuffer(8),
  'a detached Float32Array': () => detached(new Float32Array(4)),
  'a detached Int32Array': () => detached(new Int32Array(4)),
};
