/** Collects the evidence about one aspect of a benchmark, block by block, and decides when it is enough. */
import type { InstructionChange } from '../counting/change.js';
import { processKey } from '../process/process-key.js';
import type { BenchmarkInfo, Finish } from '../process/protocol.js';
import { type Sides, timeTeam } from '../timing/block.js';
import { scalingTeam } from '../timing/scaling.js';
import { type Block, type Estimate, estimate, LOOKS, nextLook } from '../timing/statistics.js';
import type { Team } from '../timing/team.js';
import { type Acceptance, acceptedShare } from './accepted.js';
import { type CheckEntry, type CheckStatus, FAILURES, INSTRUCTIONS, SCALING } from './check-entry.js';
import { counterChanges, type Observed } from './counters.js';
import { failsByInstructions, isFaster, joinClocks, joinVerdicts, type TimeVerdict } from './verdict.js';

/**
 * Blocks after which a benchmark with more instructions fails, unless it has become faster. Few that are really faster
 * need more, and the others would use up the budget.
 */
const BLOCKS_TO_BE_FASTER = 9;

/** One thing that is measured of a benchmark, and decided on its own. */
export interface Aspect {
  benchmark: BenchmarkInfo;
  measures: CheckEntry['measures'];
  threshold: number;
  /** Returns the processes that measure it. Aspects with the same key can share them. */
  team: (sides: Sides, signal?: AbortSignal) => Team<string>;
  teamKey: string;
}

/** Returns what is measured of a benchmark: its time and, if it sets `scaling`, how well it uses threads. */
export function aspectsOf(benchmark: BenchmarkInfo): Aspect[] {
  const { threshold, scaling } = benchmark;
  const time: Aspect = {
    benchmark,
    measures: 'time',
    threshold,
    team: (...args) => timeTeam(benchmark, ...args),
    teamKey: processKey(benchmark),
  };
  if (!scaling) return [time];
  return [
    time,
    {
      benchmark,
      measures: 'scaling',
      threshold: scaling.threshold,
      team: (...args) => scalingTeam(benchmark, ...args),
      teamKey: processKey(benchmark, scaling.one, scaling.all),
    },
  ];
}

export interface TrialSetting {
  accepted: readonly Acceptance[];
  /** Versions of the benchmarks in the base. A benchmark that the base lacks counts as unchanged. */
  baseVersions: ReadonlyMap<string, number>;
  /** Instructions by the name of the benchmark. Those that are missing were not counted. */
  instructions?: ReadonlyMap<string, InstructionChange> | undefined;
}

export class Trial {
  readonly #blocks: Block[] = [];
  readonly #processorBlocks: Block[] = [];
  readonly #base: Observed[] = [];
  readonly #head: Observed[] = [];
  readonly #instructions: InstructionChange;
  #time: TimeVerdict = { status: 'undecided', estimate: undefined, processor: undefined, reason: '' };
  /** A status that neither time nor instructions change. */
  #end: { status: CheckStatus; reason: string } | undefined;
  #open = true;
  readonly #milliseconds = { withStart: 0, withoutStart: 0 };

  constructor(
    readonly aspect: Aspect,
    private readonly setting: TrialSetting,
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

  /** The evidence so far decides nothing, or the head must still show that it is faster. */
  get isUrgent(): boolean {
    const fails = failsByInstructions(this.#instructions, this.#accepted(INSTRUCTIONS));
    return this.#open && (fails || this.#joined().status === 'undecided');
  }

  /**
   * Returns the longest duration of a block so far, in milliseconds, or undefined.
   *
   * @param starts the block must also start the processes of its team
   */
  expectedMilliseconds(starts: boolean): number | undefined {
    const { withStart, withoutStart } = this.#milliseconds;
    return (!starts && withoutStart) || withStart || undefined;
  }

  /**
   * @param alone the processes of the team measure nothing else, so that their peak memory is that of the benchmark
   * @param starts it is the first block of the team, which starts its processes
   */
  async addBlock(team: Team<string>, { alone, starts }: { alone: boolean; starts: boolean }): Promise<void> {
    const begin = performance.now();
    const block = await team.measure(this.aspect.benchmark, this.rounds);
    const kind = starts ? 'withStart' : 'withoutStart';
    this.#milliseconds[kind] = Math.max(this.#milliseconds[kind], performance.now() - begin);
    if (block.kind === 'head failed') this.#close({ status: 'broken', reason: block.reason });
    else if (block.kind === 'base failed') this.#close({ status: 'new', reason: block.reason });
    else {
      this.#blocks.push(block.logRatios);
      this.#processorBlocks.push(block.processorLogRatios);
      const observed = ({ counters, peakMemoryBytes }: Finish): Observed => {
        return { counters, peakMemoryBytes: alone ? peakMemoryBytes : null };
      };
      this.#base.push(observed(block.base));
      this.#head.push(observed(block.head));
      if (LOOKS.some(({ blocks }) => blocks === this.#blocks.length)) this.#look();
    }
  }

  entry(): CheckEntry {
    const { benchmark, measures, threshold } = this.aspect;
    const { name, sizes } = benchmark;
    const { status, reason } = this.#end ?? this.#joined();
    const counters = measures === 'time' ? counterChanges(this.#base, this.#head) : [];
    const more = counters.some(({ counter, growth }) => growth > this.#accepted(counter));
    return {
      name,
      sizes,
      measures,
      threshold,
      // The verdict on time is more severe, because users notice time.
      status: more && !FAILURES.includes(status) ? 'more work' : this.#named(status),
      change: changeOf(this.#time.estimate),
      processorChange: changeOf(this.#time.processor),
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
    this.#time = joinClocks(last, this.#processorEstimate(), {
      threshold: this.aspect.threshold,
      accepted: this.#accepted(),
    });
    if (this.#isDecided(last)) this.#close();
  }

  /** The processor time of other processes is not known. */
  #processorEstimate(): Estimate | undefined {
    const { startsNode, notCounted } = this.aspect.benchmark;
    const isKnown = this.#processorBlocks.every((block) => block.length > 0);
    return isKnown && !startsNode && notCounted === null ? estimate(this.#processorBlocks) : undefined;
  }

  #isDecided(last: Estimate): boolean {
    const blocks = this.#blocks.length;
    const decided = this.#time.status !== 'undecided' || nextLook(blocks) === undefined;
    if (!failsByInstructions(this.#instructions, this.#accepted(INSTRUCTIONS))) return decided;
    // Time can only excuse them now, and only if the head is faster.
    return isFaster(last) || last.low > 0 || blocks >= BLOCKS_TO_BE_FASTER;
  }
}

function changeOf(logarithms: Estimate | undefined): CheckEntry['change'] {
  if (!logarithms) return null;
  const { center, low, high } = logarithms;
  return { center: Math.expm1(center), low: Math.expm1(low), high: Math.expm1(high) };
}
