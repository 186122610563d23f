/** Reads a suite of another library as benchmarks. */
import { register } from 'node:module';
import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Benchmark, BenchmarkModule, Subject } from '../benchmark.js';
import { type CollectedBenchmark, takeCollected } from './collector.js';
import { type HookData, SUITE } from './hooks.js';
import { SUITE_KINDS, type SuiteKind } from './kinds.js';
import { collectDeclared } from './mitata.js';

export interface SuitePlace {
  file: string;
  /** Folder of the project of the suite. */
  project: string;
  /** Folder of the build whose modules the suite gets. A process can have one only. */
  revision: string;
}

const EXTENSION = extname(import.meta.url);
const standIn = (kind: SuiteKind): string => new URL(`./${kind}${EXTENSION}`, import.meta.url).href;

let loads = 0;

/**
 * Imports a suite with stand-ins for its library, so that nothing runs.
 *
 * @throws Error if the suite imports what the stand-in lacks, or throws itself
 */
export async function loadSuite({ file, project, revision }: SuitePlace): Promise<BenchmarkModule> {
  if (loads === 0) {
    const standIns = Object.fromEntries(SUITE_KINDS.map((kind) => [kind, standIn(kind)]));
    const data: HookData = { standIns, project, revision };
    register(new URL(`./hooks${EXTENSION}`, import.meta.url).href, { data });
  }
  // Under an address that is new, because a second import of the same module would declare nothing.
  await import(`${pathToFileURL(file).href}?${SUITE}=${++loads}`);
  collectDeclared();
  const stem = basename(file, extname(file)).replace(/\.bench$/, '');
  return { benchmarks: takeCollected().map((collected) => benchmarkOf(collected, stem)) };
}

function benchmarkOf(collected: CollectedBenchmark, stem: string): Benchmark {
  return {
    name: `${stem}/${collected.name}`,
    sizes: {},
    prepare: () => prepare(collected),
  };
}

/** Processor time that an iteration needs at least. Suites often call functions of a few microseconds. */
const ITERATION_SECONDS = 0.002;
const GROWTH = 8;
const MOST_CALLS = GROWTH ** 6;

async function prepare(collected: CollectedBenchmark): Promise<Subject> {
  const { run, before, after } = await collected.start();
  // Without hooks and promises, a loop adds next to nothing to the time of a call.
  await before?.();
  const isAsync = run() instanceof Promise;
  await after?.();
  const iterate = async (calls: number): Promise<number> => {
    if (!isAsync && !before && !after) {
      const begin = process.hrtime.bigint();
      for (let i = 0; i < calls; i++) run();
      return Number(process.hrtime.bigint() - begin) / 1e9;
    }
    let nanoseconds = 0n;
    for (let i = 0; i < calls; i++) {
      await before?.();
      const begin = process.hrtime.bigint();
      await run();
      nanoseconds += process.hrtime.bigint() - begin;
      await after?.();
    }
    return Number(nanoseconds) / 1e9;
  };
  let calls = 1;
  while (calls < MOST_CALLS && (await processorSeconds(() => iterate(calls))) < ITERATION_SECONDS) calls *= GROWTH;
  return {
    calls,
    timesItself: true,
    run: async () => (await iterate(calls)) / calls,
    ...(collected.end ? { close: collected.end } : {}),
  };
}

async function processorSeconds(work: () => Promise<unknown>): Promise<number> {
  const begin = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1e6;
}
