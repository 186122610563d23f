/** What every benchmark needs of the build under test. */
import type { Counters, Environment, Revision } from '../../src/benchmarking/benchmark.js';
import type * as engine from '../../src/index.js';
import type * as loader from '../../src/native/loader.js';
import type * as product from '../../src/native/matmul.js';
import { withCurrentNames } from './earlier-names.js';

export type Engine = typeof engine;
type Loader = typeof loader;
type Matmul = typeof product;

/** The public exports. */
export async function openEngine(revision: Revision): Promise<Engine> {
  return withCurrentNames(await revision.import<Engine>('dist/index.js'));
}

/** The addon itself, for kernels and peers that no public function reaches. */
export async function openAddon(revision: Revision): Promise<ReturnType<Loader['addon']>> {
  return (await revision.import<Loader>('dist/native/loader.js')).addon();
}

/** oneDNN's product. */
export async function openMatmul(revision: Revision): Promise<Matmul['matmul']> {
  return (await revision.import<Matmul>('dist/native/matmul.js')).matmul;
}

/**
 * Every module of benchmarks exports this, so that results files name instruction set, threads, libraries and the GPU
 * in use.
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

/** Work that `run` makes the engine do; nothing for a build from before it counted. */
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
 * Environment of most checks: with one thread, other work on the machine goes to another core and not between the
 * threads of a team, which wait for their slowest. A kernel that became slower shows it on one thread as on all.
 */
export const ONE_THREAD = { UNIVAR_THREADS: '1', OMP_NUM_THREADS: '1' };
