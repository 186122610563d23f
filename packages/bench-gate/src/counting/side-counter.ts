/** Counts benchmarks of one build in one process under Callgrind. */
import { messageOf } from '../errors.js';
import { BenchmarkProcess } from '../process/child-process.js';
import type { BenchmarkInfo } from '../process/protocol.js';
import { type Side, STEADY_MEMORY } from '../timing/block.js';
import { type BuildCount, summarise } from './build-count.js';
import { STEADY_NODE, STEADY_THREADS, underCallgrind } from './valgrind.js';

export interface CountOptions {
  /** Path of the addon of client-requests.ts. */
  requests: string;
  /** End of the counting, on the clock of `performance.now()`. */
  deadline: number;
  signal?: AbortSignal | undefined;
  /** Called after each benchmark. */
  onCounted?: (() => void) | undefined;
}

export const TIME_OVER = 'the budget has no more time for counting';

/** Counts benchmarks of one build, one after the other. */
export async function countPart(
  part: readonly BenchmarkInfo[],
  side: Side,
  outFile: string,
  options: CountOptions,
): Promise<BuildCount[]> {
  const counter = new SideCounter(side, outFile, options);
  const counts: BuildCount[] = [];
  try {
    for (const benchmark of part) {
      counts.push(await counter.count(benchmark));
      options.onCounted?.();
    }
  } finally {
    await counter.stop();
  }
  return counts;
}

class SideCounter {
  #process: BenchmarkProcess | undefined;
  #processes = 0;

  /** @param outFile prefix of Callgrind's files */
  constructor(
    private readonly side: Side,
    private readonly outFile: string,
    private readonly options: CountOptions,
  ) {}

  /** Counts one benchmark. All of them must have the same environment. Never rejects for a benchmark that fails. */
  async count(benchmark: BenchmarkInfo): Promise<BuildCount> {
    const { requests, deadline, signal } = this.options;
    signal?.throwIfAborted();
    if (performance.now() >= deadline) return { kind: 'not counted', reason: TIME_OVER };
    const process = (this.#process ??= this.#start(benchmark));
    // A timer of Infinity would fire at once.
    const left = deadline - performance.now();
    const timer = Number.isFinite(left) ? setTimeout(() => void process.stop(), left) : undefined;
    try {
      const { name, file, project } = benchmark;
      const { root } = this.side;
      const request = { type: 'count', file, project, name, root, requests, outFile: this.#prefix } as const;
      return await summarise(await process.ask(request, 'counted'));
    } catch (error) {
      // The process may have died, or it holds what the benchmark did not free.
      await this.stop();
      if (performance.now() >= deadline) return { kind: 'not counted', reason: TIME_OVER };
      return { kind: 'not counted', reason: messageOf(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
    this.#process = undefined;
  }

  get #prefix(): string {
    return `${this.outFile}-${this.#processes}`;
  }

  #start({ file, env }: BenchmarkInfo): BenchmarkProcess {
    this.#processes += 1;
    const { command, args } = underCallgrind(this.#prefix);
    return new BenchmarkProcess(file, {
      env: { ...STEADY_THREADS, ...STEADY_MEMORY, ...env, ...this.side.env },
      signal: this.options.signal,
      launcher: { command, args: [...args, process.execPath, ...STEADY_NODE] },
    });
  }
}
