/**
 * Processes of both builds that take turns. Starting one takes longer than measuring a benchmark, so a team measures
 * several, one after the other. statistics.ts explains why each block of a benchmark needs another team.
 */
import { messageOf } from '../errors.js';
import { BenchmarkProcess } from '../process/child-process.js';
import type { BenchmarkInfo, Finish, ProcessorTime } from '../process/protocol.js';
import { type Block, lowTime } from './statistics.js';

export type BlockResult =
  | {
      kind: 'measured';
      /** By the clock. */
      logRatios: Block;
      /** By processor time; empty if that is not known. */
      processorLogRatios: Block;
      base: Finish;
      head: Finish;
    }
  /** The base lacks something that the benchmark needs, or gives another result. */
  | { kind: 'base failed'; reason: string }
  | { kind: 'head failed'; reason: string };

/** A process that takes turns with others. */
export interface Contender {
  side: 'base' | 'head';
  root: string;
  env: Readonly<Record<string, string>>;
}

export interface TeamPlan<K extends string> {
  contenders: Readonly<Record<K, Contender>>;
  /** Order of a round. Each round has it twice, once in reverse. */
  order: readonly K[];
  /** @param low returns a contender's time in this round */
  logRatio: (low: (contender: K) => number) => number;
  processorTime: ProcessorTime;
  /** Duration of a sample, unless one iteration takes longer. */
  sampleSeconds: number;
  signal?: AbortSignal | undefined;
}

const MAX_ITERATIONS = 2000;

/** A block of long iterations takes this time, unless it would have fewer than three rounds. */
const BLOCK_SECONDS = 3;
const LEAST_ROUNDS = 3;

export class Team<K extends string> {
  readonly #processes = new Map<K, BenchmarkProcess>();

  constructor(private readonly plan: TeamPlan<K>) {}

  /** Prepares a benchmark in all processes at the same time, and measures it in turns. */
  async measure(benchmark: BenchmarkInfo, rounds: number): Promise<BlockResult> {
    const { contenders, signal } = this.plan;
    const names = Object.keys(contenders) as K[];
    const starts = await Promise.allSettled(names.map((name) => this.#prepare(name, benchmark)));
    signal?.throwIfAborted();
    // Checks the head first: a benchmark that fails with both builds is broken, not new.
    for (const side of ['head', 'base'] as const) {
      const failed = starts.find((start, i) => start.status === 'rejected' && contenders[names[i]!].side === side);
      if (failed?.status !== 'rejected') continue;
      await this.stop(); // They hold what the benchmark did not free, or have died.
      return { kind: `${side} failed`, reason: messageOf(failed.reason) };
    }
    const seconds = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value.subject] : []));
    const iterations = iterationsFor(Math.max(...seconds), this.plan.sampleSeconds);
    const roundSeconds = 2 * iterations * seconds.reduce((sum, value) => sum + value, 0);
    const enough = Math.min(rounds, Math.max(LEAST_ROUNDS, Math.floor(BLOCK_SECONDS / roundSeconds)));
    const logRatios: number[] = [];
    const processorLogRatios: number[] = [];
    for (let round = 0; round < enough; round++) {
      const { clock, processor } = await this.#round(round, iterations);
      logRatios.push(clock);
      if (processor !== undefined) processorLogRatios.push(processor);
    }
    return {
      kind: 'measured',
      logRatios,
      processorLogRatios: processorLogRatios.length === enough ? processorLogRatios : [],
      base: await this.#finish('base'),
      head: await this.#finish('head'),
    };
  }

  /** Ends the processes. The next benchmark gets new ones. */
  async stop(): Promise<void> {
    const processes = [...this.#processes.values()];
    this.#processes.clear();
    await Promise.all(processes.map((process) => process.stop()));
  }

  async #prepare(name: K, benchmark: BenchmarkInfo): Promise<{ subject: number }> {
    const { contenders, signal } = this.plan;
    const { root, env } = contenders[name];
    let process = this.#processes.get(name);
    if (!process) {
      process = new BenchmarkProcess(benchmark.module, { source: benchmark.file, env, signal });
      this.#processes.set(name, process);
    }
    return process.prepare(benchmark, root, { peer: false });
  }

  async #round(round: number, iterations: number): Promise<{ clock: number; processor: number | undefined }> {
    const { order, logRatio, processorTime } = this.plan;
    // A B B A, then B A A B: a machine that gets steadily slower or faster affects all alike.
    const turns = round % 2 === 0 ? order : order.toReversed();
    const clock = new Map<K, number[]>(order.map((name) => [name, []]));
    const processor = new Map<K, number[]>(order.map((name) => [name, []]));
    for (const name of [...turns, ...turns.toReversed()]) {
      const sample = await this.#processes.get(name)!.sample('subject', iterations, processorTime);
      clock.get(name)!.push(...sample.seconds);
      processor.get(name)!.push(...sample.processorSeconds);
    }
    const isKnown = [...processor.values()].every((times) => times.length > 0 && lowTime(times) > 0);
    return {
      clock: logRatio((name) => lowTime(clock.get(name)!)),
      processor: isKnown ? logRatio((name) => lowTime(processor.get(name)!)) : undefined,
    };
  }

  async #finish(side: 'base' | 'head'): Promise<Finish> {
    const { contenders, order } = this.plan;
    const finishes: Finish[] = [];
    for (const name of order)
      if (contenders[name].side === side) finishes.push(await this.#processes.get(name)!.finish(contenders[name].root));
    return finishes[0]!;
  }
}

/**
 * Returns the number of iterations of a sample. It is the same on both sides, so that their quantiles are comparable.
 */
export function iterationsFor(seconds: number, sampleSeconds: number): number {
  return Math.min(MAX_ITERATIONS, Math.max(1, Math.ceil(sampleSeconds / seconds)));
}
