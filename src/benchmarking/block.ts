/** One block of evidence: a fresh process per build, prepared at the same time, then measured in turns. */
import { BenchmarkProcess } from './child-process.js';
import type { BenchmarkInfo, Finish } from './protocol.js';
import { type Block, quantile } from './statistics.js';

/** The build of one side. */
export interface Side {
  root: string;
  /** Environment that only this side gets. */
  env?: Readonly<Record<string, string>> | undefined;
}

export interface Sides {
  base: Side;
  head: Side;
}

export type BlockResult =
  | { kind: 'measured'; logRatios: Block; base: Finish; head: Finish }
  /** The base lacks what the benchmark needs, or gives another result. */
  | { kind: 'base failed'; reason: string }
  | { kind: 'head failed'; reason: string };

/** A sample is that long, unless one iteration is longer: short, so that the four of a round see the same machine. */
const SAMPLE_SECONDS = 0.025;
const MAX_ITERATIONS = 2000;

/** Enough that their median shrugs off rounds during which the machine did something else. */
export const ROUNDS = 10;
/**
 * With more time for each benchmark, longer blocks decide more: the start of two processes takes more of a block than
 * ten rounds.
 */
const LONG_ROUNDS = 16;
const SECONDS_FOR_LONG = 30;

export function roundsFor(secondsPerBenchmark: number): number {
  return secondsPerBenchmark >= SECONDS_FOR_LONG ? LONG_ROUNDS : ROUNDS;
}

/**
 * Both samples of a build in a round are summed up by this quantile of all their iterations. Whatever else runs on the
 * machine can only add time, and may do so through one whole sample; that the other one is spared is likely.
 */
const LOW_QUANTILE = 0.05;

/**
 * Keeps glibc from giving memory back to the system: what an iteration frees is then there for the next one. Otherwise
 * large results are mapped anew each time or not, as chance and the collector of garbage have it, and their page faults
 * shift the time of a whole process by ten percent and more. Other C libraries ignore it.
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
    // The head first: a benchmark that fails with both is broken, not new.
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

/** Iterations of a sample; the same on both sides, or their quantiles would mean different things. */
export function iterationsFor(seconds: number): number {
  return Math.min(MAX_ITERATIONS, Math.max(1, Math.ceil(SAMPLE_SECONDS / seconds)));
}

/** In the order A B B A, then B A A B: a machine that becomes steadily slower or faster hits both builds alike. */
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

/** ln(head / base) from the seconds of all iterations of a round. */
export function logRatioOfRound({ base, head }: Readonly<Record<'base' | 'head', readonly number[]>>): number {
  return Math.log(quantile(head, LOW_QUANTILE) / quantile(base, LOW_QUANTILE));
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
