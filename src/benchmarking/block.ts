/** Measures one block of evidence: a fresh process per build, prepared at the same time, then measured in turns. */
import { BenchmarkProcess } from './child-process.js';
import type { BenchmarkInfo, Finish } from './protocol.js';
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
const STEADY_MEMORY = {
  MALLOC_MMAP_MAX_: '0',
  MALLOC_TRIM_THRESHOLD_: String(2 ** 40),
  MALLOC_TOP_PAD_: String(2 ** 26),
};

export async function measureBlock(
  benchmark: BenchmarkInfo,
  sides: Sides,
  rounds: number,
  signal?: AbortSignal,
): Promise<BlockResult> {
  const start = ({ root, env }: Side) =>
    BenchmarkProcess.start({ benchmark, root, env: { ...STEADY_MEMORY, ...env }, signal }, { peer: false });
  const [base, head] = await Promise.allSettled([start(sides.base), start(sides.head)]);
  try {
    signal?.throwIfAborted();
    // Checks the head first: a benchmark that fails with both builds is broken, not new.
    if (head.status === 'rejected') return { kind: 'head failed', reason: messageOf(head.reason) };
    if (base.status === 'rejected') return { kind: 'base failed', reason: messageOf(base.reason) };
    const processes = { base: base.value.process, head: head.value.process };
    const slower = Math.max(base.value.seconds.subject, head.value.seconds.subject);
    const logRatios = await measureRounds(processes, rounds, iterationsFor(slower));
    return {
      kind: 'measured',
      logRatios,
      base: await processes.base.finish(sides.base.root),
      head: await processes.head.finish(sides.head.root),
    };
  } finally {
    for (const started of [base, head]) if (started.status === 'fulfilled') await started.value.process.stop();
  }
}

/**
 * Returns the number of iterations of a sample. It is the same on both sides, so that their quantiles are comparable.
 */
export function iterationsFor(seconds: number): number {
  return Math.min(MAX_ITERATIONS, Math.max(1, Math.ceil(SAMPLE_SECONDS / seconds)));
}

/**
 * Measures in the order A B B A, then B A A B, so that a machine that gets steadily slower or faster affects both
 * builds equally.
 */
async function measureRounds(
  processes: Record<'base' | 'head', BenchmarkProcess>,
  rounds: number,
  iterations: number,
): Promise<Block> {
  const logRatios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const order =
      round % 2 === 0 ? (['base', 'head', 'head', 'base'] as const) : (['head', 'base', 'base', 'head'] as const);
    const seconds = { base: [] as number[], head: [] as number[] };
    for (const side of order) seconds[side].push(...(await processes[side].sample('subject', iterations)));
    logRatios.push(logRatioOfRound(seconds));
  }
  return logRatios;
}

/** Returns ln(head / base) from the seconds of all iterations of a round. */
export function logRatioOfRound({ base, head }: Readonly<Record<'base' | 'head', readonly number[]>>): number {
  return Math.log(quantile(head, LOW_QUANTILE) / quantile(base, LOW_QUANTILE));
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
