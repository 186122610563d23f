/** Measures the time of a benchmark in blocks: two processes, one per build, in turns. */
import type { BenchmarkInfo } from '../process/protocol.js';
import { type Contender, Team } from './team.js';

/** The build of one side. */
export interface Side {
  root: string;
  /** Environment variables of this side only. */
  env?: Readonly<Record<string, string>> | undefined;
}

export interface Sides {
  base: Side;
  head: Side;
}

/** Enough rounds for their median to ignore rounds during which the machine did other work. */
export const ROUNDS = 10;
/** Rounds of a block if there is less or more time, so that every benchmark gets enough blocks for a first look. */
const SHORT = { rounds: 6, belowSeconds: 10 };
const LONG = { rounds: 16, fromSeconds: 30 };

export function roundsFor(secondsPerBenchmark: number): number {
  if (secondsPerBenchmark < SHORT.belowSeconds) return SHORT.rounds;
  return secondsPerBenchmark >= LONG.fromSeconds ? LONG.rounds : ROUNDS;
}

/**
 * Keeps glibc from returning memory to the system, so that the next iteration reuses it. Otherwise, chance and garbage
 * collection decide whether large results are mapped again, and the page faults shift the times of an entire process by
 * 10 % or more. Other C libraries ignore these settings.
 */
export const STEADY_MEMORY = {
  MALLOC_MMAP_MAX_: '0',
  MALLOC_TRIM_THRESHOLD_: String(2 ** 40),
  MALLOC_TOP_PAD_: String(2 ** 26),
};

/** It is short, so that the machine does not change during the samples of a round. */
export const SAMPLE_SECONDS = 0.025;

/** Returns two processes for benchmarks with this environment. */
export function timeTeam(
  { env }: Pick<BenchmarkInfo, 'env'>,
  { base, head }: Sides,
  signal?: AbortSignal,
): Team<'base' | 'head'> {
  const contender = (side: 'base' | 'head', { root, env: own }: Side): Contender => ({
    side,
    root,
    env: { ...env, ...STEADY_MEMORY, ...own },
  });
  return new Team({
    contenders: { head: contender('head', head), base: contender('base', base) },
    order: ['base', 'head'],
    logRatio: (low) => Math.log(low('head') / low('base')),
    processorTime: 'of all threads',
    sampleSeconds: SAMPLE_SECONDS,
    signal,
  });
}
