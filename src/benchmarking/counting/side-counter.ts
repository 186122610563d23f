/** Counts benchmarks of one build in one process under Callgrind. */
import type { Side } from '../block.js';
import { BenchmarkProcess } from '../child-process.js';
import type { BenchmarkInfo, Counted } from '../protocol.js';
import { STEADY_THREADS, underCallgrind } from './valgrind.js';

export type SideCount = Counted | { reason: string };

export interface SideCounterOptions {
  /** Path of the addon of client-requests.ts. */
  requests: string;
  /** End of the counting, on the clock of `performance.now()`. */
  deadline: number;
  signal?: AbortSignal | undefined;
}

const TIME_OVER = 'the budget has no more time for counting';

export class SideCounter {
  #process: BenchmarkProcess | undefined;
  #processes = 0;

  /** @param outFile prefix of Callgrind's files */
  constructor(
    private readonly side: Side,
    private readonly outFile: string,
    private readonly options: SideCounterOptions,
  ) {}

  /** Counts one benchmark. All of them must have the same environment. Never rejects for a benchmark that fails. */
  async count(benchmark: BenchmarkInfo): Promise<SideCount> {
    const { requests, deadline, signal } = this.options;
    signal?.throwIfAborted();
    if (performance.now() >= deadline) return { reason: TIME_OVER };
    const process = (this.#process ??= this.#start(benchmark));
    const timer = setTimeout(() => void process.stop(), deadline - performance.now());
    try {
      const { name, file } = benchmark;
      const { root } = this.side;
      return await process.ask({ type: 'count', file, name, root, requests, outFile: this.#prefix }, 'counted');
    } catch (error) {
      // The process may have died, or it holds what the benchmark did not free.
      await this.stop();
      if (performance.now() >= deadline) return { reason: TIME_OVER };
      return { reason: error instanceof Error ? error.message : String(error) };
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
    return new BenchmarkProcess(file, {
      env: { ...STEADY_THREADS, ...env, ...this.side.env },
      signal: this.options.signal,
      launcher: underCallgrind(this.#prefix),
    });
  }
}
