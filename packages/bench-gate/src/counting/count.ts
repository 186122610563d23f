/**
 * Counts the instructions of benchmarks in two builds. A count does not depend on the speed of the machine or on other
 * load, so one run each shows changes that no clock could.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

import { processKey } from '../process/process-key.js';
import type { BenchmarkInfo } from '../process/protocol.js';
import type { Side, Sides } from '../timing/block.js';
import type { BuildCount } from './build-count.js';
import { compareCounts, type InstructionChange, isDoubtful } from './change.js';
import { type CountStore, writeOnly } from './count-cache.js';
import { type CountOptions, countPart, TIME_OVER } from './count-part.js';

export interface CountSetting extends Sides, CountOptions {
  /** Counts of the base that are already known. */
  baseCache?: CountStore | undefined;
  /** Keeps the counts of the head, which may be the base of the next check. */
  headCache?: CountStore | undefined;
}

/**
 * Number of further counts. V8 optimises a function later in about one of twenty counts of some benchmarks, which then
 * take 2 to 3 % more instructions. It can happen in further counts too, so one is not enough.
 */
const RECOUNTS = 2;

/**
 * Counts both builds. Growth that would fail a check, and benchmarks whose iterations differed, are counted again in
 * other processes, without the cache, and the smallest growth decides: V8 may have optimised a function or collected
 * garbage at another moment.
 */
export async function compareInstructions(
  benchmarks: readonly BenchmarkInfo[],
  setting: CountSetting,
): Promise<Map<string, InstructionChange>> {
  const compare = async (
    some: readonly BenchmarkInfo[],
    { baseCache, headCache, ...options }: CountSetting,
  ): Promise<Map<string, InstructionChange>> => {
    const builds = [
      { side: setting.base, cache: baseCache },
      { side: setting.head, cache: headCache && writeOnly(headCache) },
    ];
    const [base, head] = (await countBuilds(some, builds, options)) as [Counts, Counts];
    return new Map(some.map(({ name }) => [name, compareCounts(base.get(name)!, head.get(name)!)]));
  };
  const changes = await compare(benchmarks, setting);
  for (let i = 0; i < RECOUNTS; i++) {
    const doubtful = benchmarks.filter(({ name }) => isDoubtful(changes.get(name)!));
    const again = await compare(doubtful, {
      ...setting,
      baseCache: undefined,
      headCache: undefined,
      onCounted: undefined,
    });
    for (const [name, change] of again)
      if (change.kind === 'counted' && change.growth < growthOf(changes.get(name)!)) changes.set(name, change);
  }
  return changes;
}

function growthOf(change: InstructionChange): number {
  return change.kind === 'counted' ? change.growth : Infinity;
}

/** A build to count, and its earlier counts. */
export interface CountedBuild {
  side: Side;
  cache?: CountStore | undefined;
}

type Counts = Map<string, BuildCount>;

/**
 * Counts benchmarks in several builds at the same time, each in as many processes as there are cores. Beside other
 * load, more processes get a larger share of the machine.
 */
export async function countBuilds(
  benchmarks: readonly BenchmarkInfo[],
  builds: readonly CountedBuild[],
  options: CountOptions,
): Promise<Counts[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-gate-'));
  const results = builds.map((): Counts => new Map());
  for (const { name, notCounted } of benchmarks)
    if (notCounted !== null)
      for (const counts of results) counts.set(name, { kind: 'not counted', reason: notCounted });
  const parts = partsOf(benchmarks.filter(({ notCounted }) => notCounted === null));
  const jobs = parts.flatMap((part, p) => builds.map((build, b) => ({ part, build, b, prefix: `${p}-${b}` })));
  const work = async (): Promise<void> => {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const { part, build, b, prefix } = job;
      const known = await build.cache?.read(part);
      const counts = known ?? (await countPart(part, build.side, join(folder, prefix), options));
      for (const [i, count] of counts.entries()) results[b]!.set(part[i]!.name, count);
      if (known) part.forEach(() => options.onCounted?.());
      else if (!counts.some(isUnfinished)) await build.cache?.write(part, counts);
    }
  };
  try {
    await Promise.all(Array.from({ length: builds.length * availableParallelism() }, work));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  options.signal?.throwIfAborted();
  return results;
}

function isUnfinished(count: BuildCount): boolean {
  return count.kind === 'not counted' && count.reason === TIME_OVER;
}

/**
 * Node and a project need about ten seconds to start under Callgrind, so benchmarks of the same environment share a
 * process. What ran before in a process shows in a count, so the parts depend on nothing but the benchmarks. There are
 * two, for two cores.
 */
const PARTS = 2;

function partsOf(benchmarks: readonly BenchmarkInfo[]): BenchmarkInfo[][] {
  const groups = new Map<string, BenchmarkInfo[]>();
  for (const benchmark of benchmarks) {
    const key = processKey(benchmark);
    groups.set(key, [...(groups.get(key) ?? []), benchmark]);
  }
  return [...groups.values()].flatMap((group) =>
    Array.from({ length: PARTS }, (_, part) => group.filter((_benchmark, i) => i % PARTS === part)).filter(
      (part) => part.length > 0,
    ),
  );
}
