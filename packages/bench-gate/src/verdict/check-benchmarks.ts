/**
 * Compares two builds benchmark by benchmark within a time budget. Each benchmark gets as many blocks as its decision
 * needs. Instructions were counted before (counting/count.ts).
 */

import type { InstructionChange } from '../counting/change.js';
import type { BenchmarkInfo, Finish } from '../process/protocol.js';
import { measureBlock, roundsFor, type Sides } from '../timing/block.js';
import { measureScalingBlock } from '../timing/scaling.js';
import { type Block, type Estimate, estimate, judge, LOOKS, nextLook } from '../timing/statistics.js';
import { type Acceptance, acceptedShare } from './accepted.js';
import { type CounterChange, counterChanges } from './counters.js';
import { failsByInstructions, isFaster, joinVerdicts, type TimeVerdict } from './verdict.js';

/**
 * - `slower`: by more than the threshold, with 99 % confidence. Fails a check.
 * - `scales worse`: time on all threads / time on one thread grew by more than the threshold, with 99 % confidence.
 *   Fails a check.
 * - `more instructions`: 2 % or more, and time does not show that it became faster all the same. Fails a check.
 * - `more work`: a counter grew. Fails a check.
 * - `broken`: the benchmark fails with the head, which fails a check.
 * - `not slower`: not slower by more than the threshold, with 99 % confidence.
 * - `accepted`: slower or more work, within an accepted limit.
 * - `undecided`: the time budget ran out before there was enough evidence. Fails a strict check.
 * - `new`: the base cannot run it. `changed`: its time has another meaning in the base. Both are only reported.
 */
export type CheckStatus =
  | 'slower'
  | 'scales worse'
  | 'more instructions'
  | 'more work'
  | 'broken'
  | 'not slower'
  | 'accepted'
  | 'undecided'
  | 'new'
  | 'changed';

export const FAILURES: readonly CheckStatus[] = ['slower', 'scales worse', 'more instructions', 'more work', 'broken'];

/** Failures of a check with `--strict`. */
export const STRICT_FAILURES: readonly CheckStatus[] = [...FAILURES, 'undecided'];

/** Name of the instructions among the counters of accepted slow-downs. */
export const INSTRUCTIONS = 'instructions';

/** Name of the growth of time on all threads / time on one thread there. */
export const SCALING = 'scaling';

/**
 * Blocks after which a benchmark with more instructions fails, unless it has become faster. Few that are really faster
 * need more, and the others would use up the budget.
 */
const BLOCKS_TO_BE_FASTER = 9;

export interface CheckEntry {
  name: string;
  sizes: Record<string, number | string>;
  /** What `change` compares: the time, or time on all threads / time on one thread. */
  measures: 'time' | 'scaling';
  threshold: number;
  status: CheckStatus;
  /** Head divided by base, minus 1, with the 99 % interval; null before the first look. */
  change: { center: number; low: number; high: number } | null;
  /** Number of pairs of processes. */
  blocks: number;
  counters: CounterChange[];
  /** Instructions of one iteration in both builds, or the reason why they were not counted. */
  instructions: InstructionChange;
  /** Reason for the status. */
  reason: string;
}

export interface CheckSetting extends Sides {
  accepted: readonly Acceptance[];
  /** Versions of the benchmarks in the base. A benchmark that the base lacks counts as unchanged. */
  baseVersions: ReadonlyMap<string, number>;
  /** Instructions by the name of the benchmark. Those that are missing were not counted. */
  instructions?: ReadonlyMap<string, InstructionChange> | undefined;
  /** Time budget for all benchmarks together. */
  budgetSeconds: number;
  signal?: AbortSignal | undefined;
  /** Called after each block with the number of decisions so far, and of all: some benchmarks need two. */
  onProgress?: ((decided: number, total: number) => void) | undefined;
}

export async function checkBenchmarks(
  benchmarks: readonly BenchmarkInfo[],
  setting: CheckSetting,
): Promise<CheckEntry[]> {
  const deadline = performance.now() + 1000 * setting.budgetSeconds;
  const aspects = benchmarks.flatMap((benchmark) => [timeOf(benchmark), ...scalingOf(benchmark)]);
  const rounds = roundsFor(setting.budgetSeconds / aspects.length);
  const trials = aspects.map((aspect) => new Trial(aspect, setting, rounds));
  let open = trials.filter((trial) => trial.open);
  // Measures one block of each in turn, which spreads temporary load of the machine over all benchmarks.
  while (open.length > 0 && open.some((trial) => trial.fitsBefore(deadline))) {
    for (const trial of open) {
      if (!trial.fitsBefore(deadline)) continue;
      await trial.addBlock();
      setting.onProgress?.(trials.filter((candidate) => !candidate.open).length, trials.length);
    }
    open = open.filter((trial) => trial.open);
  }
  return trials.map((trial) => trial.entry());
}

/** One thing that is measured of a benchmark, and decided on its own. */
interface Aspect {
  benchmark: BenchmarkInfo;
  measures: CheckEntry['measures'];
  threshold: number;
  measureBlock: typeof measureBlock;
}

function timeOf(benchmark: BenchmarkInfo): Aspect {
  return { benchmark, measures: 'time', threshold: benchmark.threshold, measureBlock };
}

function scalingOf(benchmark: BenchmarkInfo): Aspect[] {
  if (!benchmark.scaling) return [];
  const { threshold } = benchmark.scaling;
  return [{ benchmark, measures: 'scaling', threshold, measureBlock: measureScalingBlock }];
}

class Trial {
  readonly #blocks: Block[] = [];
  readonly #base: Finish[] = [];
  readonly #head: Finish[] = [];
  readonly #instructions: InstructionChange;
  #time: TimeVerdict = { status: 'undecided', estimate: undefined, reason: '' };
  /** A status that neither time nor instructions change. */
  #end: { status: CheckStatus; reason: string } | undefined;
  #open = true;
  #blockMilliseconds = 0;

  constructor(
    private readonly aspect: Aspect,
    private readonly setting: CheckSetting,
    private readonly rounds: number,
  ) {
    const { benchmark, measures } = aspect;
    const counted = measures === 'time' ? setting.instructions?.get(benchmark.name) : undefined;
    this.#instructions = counted ?? { kind: 'not counted', reason: '' };
    const version = setting.baseVersions.get(benchmark.name) ?? benchmark.version;
    if (version !== benchmark.version) {
      this.#close({ status: 'changed', reason: `version ${benchmark.version} instead of the base's ${version}` });
    }
  }

  get open(): boolean {
    return this.#open;
  }

  fitsBefore(deadline: number): boolean {
    return performance.now() + this.#blockMilliseconds < deadline;
  }

  async addBlock(): Promise<void> {
    const begin = performance.now();
    const { benchmark, measureBlock: measure } = this.aspect;
    const block = await measure(benchmark, this.setting, this.rounds, this.setting.signal);
    this.#blockMilliseconds = performance.now() - begin;
    if (block.kind === 'head failed') this.#close({ status: 'broken', reason: block.reason });
    else if (block.kind === 'base failed') this.#close({ status: 'new', reason: block.reason });
    else {
      this.#blocks.push(block.logRatios);
      this.#base.push(block.base);
      this.#head.push(block.head);
      if (LOOKS.some(({ blocks }) => blocks === this.#blocks.length)) this.#look();
    }
  }

  entry(): CheckEntry {
    const { benchmark, measures, threshold } = this.aspect;
    const { name, sizes } = benchmark;
    const { status, reason } = this.#end ?? this.#joined();
    const counters = measures === 'time' ? counterChanges(this.#base, this.#head) : [];
    const more = counters.some(({ counter, growth }) => growth > this.#accepted(counter));
    const { estimate: last } = this.#time;
    return {
      name,
      sizes,
      measures,
      threshold,
      // The verdict on time is more severe, because users notice time.
      status: more && !FAILURES.includes(status) ? 'more work' : this.#named(status),
      change: last ? { center: Math.expm1(last.center), low: Math.expm1(last.low), high: Math.expm1(last.high) } : null,
      blocks: this.#blocks.length,
      counters,
      instructions: this.#instructions,
      reason,
    };
  }

  #joined(): { status: CheckStatus; reason: string } {
    const { threshold } = this.aspect;
    return joinVerdicts(this.#time, this.#instructions, { accepted: this.#accepted(INSTRUCTIONS), threshold });
  }

  /** A ratio of times that grew is not a slower time. */
  #named(status: CheckStatus): CheckStatus {
    return status === 'slower' && this.aspect.measures === 'scaling' ? 'scales worse' : status;
  }

  #accepted(counter = this.aspect.measures === 'scaling' ? SCALING : undefined): number {
    return acceptedShare(this.setting.accepted, this.aspect.benchmark.name, counter);
  }

  #close(end?: { status: CheckStatus; reason: string }): void {
    this.#end = end;
    this.#open = false;
  }

  #look(): void {
    const last = estimate(this.#blocks);
    const { threshold } = this.aspect;
    const accepted = this.#accepted();
    const verdict = judge(last, Math.max(threshold, accepted));
    this.#time =
      verdict === 'not slower' && last.center > Math.log1p(threshold)
        ? { status: 'accepted', estimate: last, reason: `up to ${Math.round(100 * accepted)} % is accepted` }
        : { status: verdict, estimate: last, reason: '' };
    if (this.#isDecided(last)) this.#close();
  }

  #isDecided(last: Estimate): boolean {
    const blocks = this.#blocks.length;
    const decided = this.#time.status !== 'undecided' || nextLook(blocks) === undefined;
    if (!failsByInstructions(this.#instructions, this.#accepted(INSTRUCTIONS))) return decided;
    // Time can only excuse them now, and only if the head is faster.
    return isFaster(last) || last.low > 0 || blocks >= BLOCKS_TO_BE_FASTER;
  }
}
