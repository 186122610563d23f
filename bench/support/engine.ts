/** Opens the parts of the build under test that benchmarks need. */
import type { Counters, Environment, Revision } from '../../packages/bench-gate/src/benchmark.js';
import type * as engine from '../../src/index.js';
import type * as loader from '../../src/native/loader.js';
import type * as product from '../../src/native/matmul.js';
import { withCurrentNames } from './earlier-names.js';

export type Engine = typeof engine;
type Loader = typeof loader;
type Matmul = typeof product;

/** Imports the public exports. */
export async function openEngine(revision: Revision): Promise<Engine> {
  return withCurrentNames(await revision.import<Engine>('dist/index.js'));
}

/** Imports the addon itself, for kernels and peers that no public function reaches. */
export async function openAddon(revision: Revision): Promise<ReturnType<Loader['addon']>> {
  return (await revision.import<Loader>('dist/native/loader.js')).addon();
}

/** Imports oneDNN's product. */
export async function openMatmul(revision: Revision): Promise<Matmul['matmul']> {
  return (await revision.import<Matmul>('dist/native/matmul.js')).matmul;
}

/**
 * Describes the build. Every module of benchmarks exports this, so that results files name instruction set, threads,
 * libraries and GPU.
 */
export async function environment(revision: Revision): Promise<Environment> {
  return environmentOf((await openEngine(revision)).capabilities());
}

export function environmentOf(capabilities: engine.Capabilities): Environment {
  const { simd, threads, bf16, int8, amx, libraries } = capabilities;
  const gpu = capabilities.backend === 'cuda' ? capabilities.cuda.device : undefined;
  const variant = gpu ? gpu.name!.replace(/\W+/g, '_') : amx ? `${simd}_AMX` : simd;
  return {
    variant,
    simd,
    threads,
    bf16,
    int8,
    libraries,
    ...(gpu ? { gpu: gpu.name, driver: gpu.driver, cuda: gpu.runtime } : {}),
  };
}

/** Counts the work of the engine during `run`. Returns nothing for an older build without counters. */
export async function countWork(engine: Partial<Pick<Engine, 'workCounters'>>, run: () => unknown): Promise<Counters> {
  if (engine.workCounters === undefined) return {};
  const before = engine.workCounters();
  await run();
  const after = engine.workCounters();
  return Object.fromEntries(
    Object.entries(after).map(([name, count]) => [name, count - before[name as keyof typeof before]]),
  );
}

/**
 * Environment of most checks. With one thread, other work on the machine moves to another core. With a team of threads,
 * it would delay one of them, and all wait for the slowest. A slower kernel is slower with one thread too. All checks
 * have the same environment, so that they can share processes when their instructions are counted.
 */
export const ONE_THREAD = {
  UNIVAR_THREADS: '1',
  OMP_NUM_THREADS: '1',
  RAYON_NUM_THREADS: '1',
  TOKENIZERS_PARALLELISM: 'false',
};

/** Compares how well a check spreads its work over two threads. */
export const TWO_THREADS = {
  one: ONE_THREAD,
  all: { ...ONE_THREAD, UNIVAR_THREADS: '2', OMP_NUM_THREADS: '2' },
};
