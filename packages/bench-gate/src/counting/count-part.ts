/** Counts benchmarks of one build in one process under Callgrind. */
import { messageOf } from '../errors.js';
import { BenchmarkProcess } from '../process/child-process.js';
import type { BenchmarkInfo } from '../process/protocol.js';
import { type Side, STEADY_MEMORY } from '../timing/block.js';
import { type BuildCount, summarise } from './build-count.js';
import { warmFlags } from './v8-flags.js';
import { STEADY_THREADS, underCallgrind } from './valgrind.js';

export interface CountOptions {
  /** Path of the addon of client-requests.ts. */
  requests: string;
  /** End of the counting, on the clock of `performance.now()`. */
  deadline: number;
  signal?: AbortSignal | undefined;
  /** Called after each benchmark. */
  onCounted?: (() => void) | undefined;
}

/**
 * V8 optimises functions that benchmarks share for what it has seen so far, and gives that up when another benchmark
 * calls them in another way. The second time, it has seen all.
 */
const WARM_UPS = 2;

export const TIME_OVER = 'the budget has no more time for counting';

/**
 * Counts benchmarks of one build, which must have the same environment. All are warmed up before the first is counted:
 * Callgrind translates everything anew when counting starts or stops, which takes seconds.
 */
export async function countPart(
  part: readonly BenchmarkInfo[],
  side: Side,
  outFile: string,
  options: CountOptions,
): Promise<BuildCount[]> {
  const counts = new Map<BenchmarkInfo, BuildCount>();
  const left = (): BenchmarkInfo[] => part.filter((benchmark) => !counts.has(benchmark));
  // One round, unless the process dies: then one for the others.
  for (let round = 0; left().length > 0; round++) {
    const counter = new PartCounter(part[0]!, side, `${outFile}-${round}`, options);
    const keep = (benchmark: BenchmarkInfo, count: BuildCount | undefined): void => {
      if (count === undefined) return;
      counts.set(benchmark, count);
      options.onCounted?.();
    };
    try {
      for (const benchmark of left()) keep(benchmark, await counter.prepare(benchmark));
      for (let i = 0; i < WARM_UPS; i++)
        for (const benchmark of left()) if (counter.lives) keep(benchmark, await counter.warmUp(benchmark));
      for (const benchmark of left()) if (counter.lives) keep(benchmark, await counter.count(benchmark));
    } finally {
      await counter.stop();
    }
  }
  return part.map((benchmark) => counts.get(benchmark)!);
}

class PartCounter {
  readonly #process: BenchmarkProcess;
  lives = true;

  /** @param outFile prefix of Callgrind's files */
  constructor(
    { module, file, env }: BenchmarkInfo,
    private readonly side: Side,
    private readonly outFile: string,
    private readonly options: CountOptions,
  ) {
    const { command, args } = underCallgrind(outFile);
    this.#process = new BenchmarkProcess(module, {
      source: file,
      env: { ...STEADY_THREADS, ...STEADY_MEMORY, ...env, ...side.env },
      signal: options.signal,
      launcher: { command, args: [...args, process.execPath, ...warmFlags()] },
    });
  }

  /** Returns why the benchmark cannot be counted, or undefined. */
  async prepare({ name, module, project }: BenchmarkInfo): Promise<BuildCount | undefined> {
    const { root } = this.side;
    return this.#ask(async () => {
      await this.#process.ask({ type: 'prepare count', module, project, name, root }, 'prepared count');
      return undefined;
    });
  }

  /** Returns why the benchmark cannot be counted, or undefined. */
  async warmUp({ name }: BenchmarkInfo): Promise<BuildCount | undefined> {
    return this.#ask(async () => {
      await this.#process.ask({ type: 'warm up to count', name }, 'warmed up to count');
      return undefined;
    });
  }

  async count({ name }: BenchmarkInfo): Promise<BuildCount | undefined> {
    const { outFile, side, options } = this;
    return this.#ask(async () => {
      const request = { type: 'count', name, root: side.root, requests: options.requests, outFile } as const;
      return summarise(await this.#process.ask(request, 'counted'));
    });
  }

  async stop(): Promise<void> {
    this.lives = false;
    await this.#process.stop();
  }

  /** Never rejects for a benchmark that fails. If the process has died before, there is no result. */
  async #ask(question: () => Promise<BuildCount | undefined>): Promise<BuildCount | undefined> {
    const { deadline, signal } = this.options;
    const isOver = (): boolean => performance.now() >= deadline;
    if (!this.lives && !isOver()) return undefined;
    // A timer of Infinity would fire at once.
    const left = deadline - performance.now();
    const timer = Number.isFinite(left) ? setTimeout(() => void this.#process.stop(), left) : undefined;
    try {
      if (!isOver()) return await question();
    } catch (error) {
      signal?.throwIfAborted();
      this.lives = !this.#process.hasDied;
      if (!isOver()) return { kind: 'not counted', reason: messageOf(error) };
    } finally {
      clearTimeout(timer);
    }
    return { kind: 'not counted', reason: TIME_OVER };
  }
}
