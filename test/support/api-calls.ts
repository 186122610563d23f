/** All exported functions and methods as calls by name. */
import * as generation from '../../src/generation/index.js';
import * as univar from '../../src/index.js';
import * as pgvector from '../../src/pgvector.js';

type Methods = Record<string, (...args: readonly unknown[]) => unknown>;

/** Returns valid arguments. The signal aborts calls that a wrong number makes long. */
export type Arguments = (signal: AbortSignal) => unknown[];
/** Create an instance of each class. */
export type Instances = Record<string, () => unknown>;
export type ApiCall = (args: readonly unknown[]) => Promise<void>;

/** Members that are marked `@internal`, or that only the package itself constructs. */
export const INTERNAL = [
  'ShardReader#push',
  'SimilarityBase#run',
  'SimilarityBase.prepare',
  'Trainer#restore',
  'Trainer#saveTrained',
  'Trainer#tensors',
  'WordPieceTokenizer.load',
  'new Dataset',
  'new DatasetWriter',
  'new EngineError',
  'new PgVectorIndex',
  'new SimilarityBase',
  'new VectorIndex',
  'new WordPieceTokenizer',
];

/** Methods after which an object is unusable. */
const ENDINGS = ['dispose', 'close'];

/**
 * Returns the calls by `name`, `Class.method`, `Class#method` and `new Class`. Each call waits for its result, reads it
 * to the end if it is an async iterable, and disposes of the result and of the instance.
 *
 * @param instances by class
 * @param kept instances, by class, that methods do not change; the caller disposes of them
 */
export async function apiCalls(instances: Instances, kept: Record<string, unknown>): Promise<Map<string, ApiCall>> {
  const calls = new Map<string, ApiCall>();
  for (const [name, value] of Object.entries<unknown>({ ...univar, ...generation, ...pgvector })) {
    if (typeof value !== 'function') continue;
    const owner = value as unknown as Methods;
    if (String(value).startsWith('class ')) {
      const Class = value as new (...args: readonly unknown[]) => unknown;
      calls.set(`new ${name}`, async (args) => settle(new Class(...args)));
      for (const method of methodsOf(value))
        calls.set(`${name}.${method}`, async (args) => settle(owner[method]!(...args)));
    } else {
      calls.set(name, async (args) => settle((value as Methods[string])(...args)));
    }
  }
  for (const [name, make] of Object.entries(instances)) {
    const example = (await make()) as Methods;
    for (const method of methodsOf(Object.getPrototypeOf(example) as object)) {
      const own = !(name in kept) || ENDINGS.includes(method);
      calls.set(`${name}#${method}`, async (args) => {
        const instance = (own ? await make() : kept[name]) as Methods;
        try {
          await settle(instance[method]!(...args));
        } finally {
          if (own) await release(instance);
        }
      });
    }
    await release(example);
  }
  return calls;
}

/** Lists the methods of an object, and those that its class inherits from other classes of the package. */
function methodsOf(owner: object): string[] {
  const names = Object.entries(Object.getOwnPropertyDescriptors(owner))
    .filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor')
    .map(([name]) => name);
  const parent = Object.getPrototypeOf(owner) as object | null;
  const isForeign = parent === null || parent === Object.prototype || parent === Function.prototype;
  return isForeign || typeof owner === 'function' ? names : [...new Set([...names, ...methodsOf(parent)])];
}

/** Waits for a result, reads it to the end if it is an async iterable, and disposes of it. */
export async function settle(result: unknown): Promise<void> {
  const value = await result;
  if (typeof value === 'object' && value !== null && Symbol.asyncIterator in value)
    for await (const item of value as AsyncIterable<unknown>)
      if (item === undefined) throw new Error('Expected an item, got undefined');
  await release(value);
}

export async function release(value: unknown): Promise<void> {
  if (typeof value === 'object' && value !== null && Symbol.asyncDispose in value)
    await (value as AsyncDisposable)[Symbol.asyncDispose]();
}
