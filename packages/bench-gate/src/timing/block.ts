/** Measures one block of evidence: a fresh process per build, prepared at the same time, then measured in turns. */
import { BenchmarkProcess } from '../process/child-process.js';
import type { BenchmarkInfo, Finish } from '../process/protocol.js';
import { type Block, quantile } from './statistics.js';

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

export type BlockResult =
  | { kind: 'measured'; logRatios: Block; base: Finish; head: Finish }
  /** The base lacks something that the benchmark needs, or gives another result. */
  | { kind: 'base failed'; reason: string }
  | { kind: 'head failed'; reason: string };

/**
 * Duration of a sample, unless one iteration takes longer. It is short, so that the machine does not change during the
 * four samples of a round.
 */
const SAMPLE_SECONDS = 0.025;
const MAX_ITERATIONS = 2000;

/** Enough rounds for their median to ignore rounds during which the machine did other work. */
export const ROUNDS = 10;
/**
 * Rounds of a block if there is more time per benchmark. Starting two processes takes longer than ten rounds, so longer
 * blocks give more evidence.
 */
const LONG_ROUNDS = 16;
const SECONDS_FOR_LONG = 30;

export function roundsFor(secondsPerBenchmark: number): number {
  return secondsPerBenchmark >= SECONDS_FOR_LONG ? LONG_ROUNDS : ROUNDS;
}

/**
 * The two samples of a build in a round are summarised by this quantile of all their iterations. Other work on the
 * machine can only add time. It can affect one entire sample, but probably not both.
 */
const LOW_QUANTILE = 0.05;

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

export function measureBlock(
  benchmark: BenchmarkInfo,
  { base, head }: Sides,
  rounds: number,
  signal?: AbortSignal,
): Promise<BlockResult> {
  const contender = (side: 'base' | 'head', { root, env }: Side): Contender => ({
    side,
    root,
    env: { ...STEADY_MEMORY, ...env },
  });
  return measureContenders(
    benchmark,
    { head: contender('head', head), base: contender('base', base) },
    { order: ['base', 'head'], logRatio: (low) => Math.log(low('head') / low('base')), rounds, signal },
  );
}

/** A process that takes turns with others. */
export interface Contender {
  side: 'base' | 'head';
  root: string;
  env: Readonly<Record<string, string>>;
}

export interface Turns<K extends string> {
  /** Order of a round. Each round has it twice, once in reverse. */
  order: readonly K[];
  /** @param low returns a contender's time in this round */
  logRatio: (low: (contender: K) => number) => number;
  rounds: number;
  signal?: AbortSignal | undefined;
}

/** Starts and prepares all contenders at the same time, and measures them in turns. */
export async function measureContenders<K extends string>(
  benchmark: BenchmarkInfo,
  contenders: Readonly<Record<K, Contender>>,
  { order, logRatio, rounds, signal }: Turns<K>,
): Promise<BlockResult> {
  const names = Object.keys(contenders) as K[];
  const starts = await Promise.allSettled(
    names.map((name) => {
      const { root, env } = contenders[name];
      return BenchmarkProcess.start({ benchmark, root, env, signal }, { peer: false });
    }),
  );
  try {
    signal?.throwIfAborted();
    // Checks the head first: a benchmark that fails with both builds is broken, not new.
    for (const side of ['head', 'base'] as const) {
      const failed = starts.find((start, i) => start.status === 'rejected' && contenders[names[i]!].side === side);
      if (failed?.status === 'rejected') return { kind: `${side} failed`, reason: messageOf(failed.reason) };
    }
    const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    const processOf = (name: K): BenchmarkProcess => started[names.indexOf(name)]!.process;
    const iterations = iterationsFor(Math.max(...started.map(({ seconds }) => seconds.subject)));
    const logRatios: number[] = [];
    for (let round = 0; round < rounds; round++) {
      // A B B A, then B A A B: a machine that gets steadily slower or faster affects all alike.
      const turns = round % 2 === 0 ? order : order.toReversed();
      const seconds = new Map<K, number[]>(order.map((name) => [name, []]));
      for (const name of [...turns, ...turns.toReversed()])
        seconds.get(name)!.push(...(await processOf(name).sample('subject', iterations)));
      logRatios.push(logRatio((name) => lowTime(seconds.get(name)!)));
    }
    const finish = async (side: 'base' | 'head'): Promise<Finish> => {
      const name = names.find((candidate) => contenders[candidate].side === side)!;
      return processOf(name).finish(contenders[name].root);
    };
    return { kind: 'measured', logRatios, base: await finish('base'), head: await finish('head') };
  } finally {
    for (const start of starts) if (start.status === 'fulfilled') await start.value.process.stop();
  }
}

/**
 * Returns the number of iterations of a sample. It is the same on both sides, so that their quantiles are comparable.
 */
export function iterationsFor(seconds: number): number {
  return Math.min(MAX_ITERATIONS, Math.max(1, Math.ceil(SAMPLE_SECONDS / seconds)));
}

/** Returns the time of a contender in a round, from the seconds of all its iterations. */
export function lowTime(seconds: readonly number[]): number {
  return quantile(seconds, LOW_QUANTILE);
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
