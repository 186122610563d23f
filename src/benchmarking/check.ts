/**
 * Compares two builds benchmark by benchmark within a time budget. Each benchmark gets as many blocks as its decision
 * needs.
 */
import { type Acceptance, acceptedShare } from './accepted.js';
import { measureBlock, roundsFor, type Sides } from './block.js';
import { type CounterChange, counterChanges } from './counters.js';
import type { BenchmarkInfo, Finish } from './protocol.js';
import { type Block, type Estimate, estimate, judge, LOOKS, nextLook } from './statistics.js';

/**
 * - `slower`: by more than the threshold, with 99 % confidence; `more work`: a counter grew. Both fail a check.
 * - `broken`: the benchmark fails with the head, which fails a check.
 * - `not slower`: not slower by more than the threshold, with 99 % confidence.
 * - `accepted`: slower or more work, within an accepted limit.
 * - `undecided`: the time budget ran out before there was enough evidence.
 * - `new`: the base cannot run it. `changed`: its time has another meaning in the base. Both are only reported.
 */
export type CheckStatus =
  | 'slower'
  | 'more work'
  | 'broken'
  | 'not slower'
  | 'accepted'
  | 'undecided'
  | 'new'
  | 'changed';

export const FAILURES: readonly CheckStatus[] = ['slower', 'more work', 'broken'];

export interface CheckEntry {
  name: string;
  sizes: Record<string, number | string>;
  threshold: number;
  status: CheckStatus;
  /** Seconds of the head divided by those of the base, minus 1, with the 99 % interval; null before the first look. */
  change: { center: number; low: number; high: number } | null;
  /** Number of pairs of processes. */
  blocks: number;
  counters: CounterChange[];
  /** Reason why it is new, changed, broken or accepted. */
  reason: string;
}

export interface CheckSetting extends Sides {
  accepted: readonly Acceptance[];
  /** Versions of the benchmarks in the base. A benchmark that the base lacks counts as unchanged. */
  baseVersions: ReadonlyMap<string, number>;
  /** Time budget for all benchmarks together. */
  budgetSeconds: number;
  signal?: AbortSignal | undefined;
  /** Called after each block with the number of decided benchmarks. */
  onProgress?: ((decided: number) => void) | undefined;
}

export async function checkBenchmarks(
  benchmarks: readonly BenchmarkInfo[],
  setting: CheckSetting,
): Promise<CheckEntry[]> {
  const deadline = performance.now() + 1000 * setting.budgetSeconds;
  const rounds = roundsFor(setting.budgetSeconds / benchmarks.length);
  const trials = benchmarks.map((benchmark) => new Trial(benchmark, setting, rounds));
  let open = trials.filter((trial) => trial.open);
  // Measures one block of each in turn, which spreads temporary load of the machine over all benchmarks.
  while (open.length > 0 && open.some((trial) => trial.fitsBefore(deadline))) {
    for (const trial of open) {
      if (!trial.fitsBefore(deadline)) continue;
      await trial.addBlock();
      setting.onProgress?.(trials.filter((candidate) => !candidate.open).length);
    }
    open = open.filter((trial) => trial.open);
  }
  return trials.map((trial) => trial.entry());
}

class Trial {
  readonly #blocks: Block[] = [];
  readonly #base: Finish[] = [];
  readonly #head: Finish[] = [];
  #estimate: Estimate | undefined;
  #end: { status: CheckStatus; reason: string } | undefined;
  #blockMilliseconds = 0;

  constructor(
    private readonly benchmark: BenchmarkInfo,
    private readonly setting: CheckSetting,
    private readonly rounds: number,
  ) {
    const version = setting.baseVersions.get(benchmark.name) ?? benchmark.version;
    if (version !== benchmark.version) {
      this.#end = { status: 'changed', reason: `version ${benchmark.version} instead of the base's ${version}` };
    }
  }

  get open(): boolean {
    return this.#end === undefined;
  }

  fitsBefore(deadline: number): boolean {
    return performance.now() + this.#blockMilliseconds < deadline;
  }

  async addBlock(): Promise<void> {
    const begin = performance.now();
    const block = await measureBlock(this.benchmark, this.setting, this.rounds, this.setting.signal);
    this.#blockMilliseconds = performance.now() - begin;
    if (block.kind === 'head failed') this.#end = { status: 'broken', reason: block.reason };
    else if (block.kind === 'base failed') this.#end = { status: 'new', reason: block.reason };
    else {
      this.#blocks.push(block.logRatios);
      this.#base.push(block.base);
      this.#head.push(block.head);
      if (LOOKS.some(({ blocks }) => blocks === this.#blocks.length)) this.#look();
    }
  }

  entry(): CheckEntry {
    const { name, sizes, threshold } = this.benchmark;
    const { status, reason } = this.#end ?? { status: 'undecided' as const, reason: '' };
    const counters = counterChanges(this.#base, this.#head);
    const more = counters.some(({ counter, growth }) => growth > acceptedShare(this.setting.accepted, name, counter));
    return {
      name,
      sizes,
      threshold,
      // The verdict on time is more severe, because users notice time.
      status: more && !FAILURES.includes(status) ? 'more work' : status,
      change: this.#estimate
        ? {
            center: Math.expm1(this.#estimate.center),
            low: Math.expm1(this.#estimate.low),
            high: Math.expm1(this.#estimate.high),
          }
        : null,
      blocks: this.#blocks.length,
      counters,
      reason,
    };
  }

  #look(): void {
    this.#estimate = estimate(this.#blocks);
    const { threshold, name } = this.benchmark;
    const accepted = acceptedShare(this.setting.accepted, name);
    const verdict = judge(this.#estimate, Math.max(threshold, accepted));
    if (verdict === 'not slower' && this.#estimate.center > Math.log1p(threshold)) {
      this.#end = { status: 'accepted', reason: `up to ${Math.round(100 * accepted)} % is accepted` };
    } else if (verdict !== 'undecided' || nextLook(this.#blocks.length) === undefined) {
      this.#end = { status: verdict, reason: '' };
    }
  }
}
