/**
 * Compares two builds benchmark by benchmark within a time budget. Each benchmark gets as many blocks as its decision
 * needs. Instructions were counted before (counting/count.ts).
 */

import type { BenchmarkInfo } from '../process/protocol.js';
import { roundsFor, type Sides } from '../timing/block.js';
import { SeededRandom } from '../timing/random.js';
import { LOOKS } from '../timing/statistics.js';
import type { CheckEntry } from './check-entry.js';
import { aspectsOf, Trial, type TrialSetting } from './trial.js';

export interface CheckSetting extends Sides, TrialSetting {
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
  const aspects = benchmarks.flatMap(aspectsOf);
  const rounds = roundsFor(setting.budgetSeconds / aspects.length);
  const trials = aspects.map((aspect) => new Trial(aspect, setting, rounds));
  const fits = (trial: Trial, starts: boolean): boolean => {
    const longest = Math.max(0, ...trials.map((other) => other.expectedMilliseconds(true) ?? 0));
    return performance.now() + (trial.expectedMilliseconds(starts) ?? longest) < deadline;
  };
  // Measures one block of each in turn, which spreads temporary load of the machine over all benchmarks.
  for (let pass = 0, measured = Infinity; measured > 0; pass++) {
    measured = 0;
    for (const group of groupsOf(dueOf(trials, pass), pass)) {
      const team = group[0]!.aspect.team(setting, setting.signal);
      let starts = true;
      try {
        for (const trial of group) {
          if (!fits(trial, starts)) continue;
          await trial.addBlock(team, { alone: group.length === 1, starts });
          starts = false;
          measured += 1;
          setting.onProgress?.(trials.filter(({ open }) => !open).length, trials.length);
        }
      } finally {
        await team.stop();
      }
    }
  }
  return trials.map((trial) => trial.entry());
}

/**
 * Returns the trials whose turn it is: until the first look the times, then what is undecided, and at last what
 * counting decided, to which more time can add confidence.
 */
function dueOf(trials: readonly Trial[], pass: number): readonly Trial[] {
  const open = trials.filter((trial) => trial.open);
  const times = open.filter(({ aspect }) => aspect.measures === 'time');
  if (pass < LOOKS[0].blocks && times.length > 0) return times;
  const urgent = open.filter((trial) => trial.isUrgent);
  return urgent.length > 0 ? urgent : open;
}

/**
 * Returns the trials that share processes. In the first pass, every benchmark has processes of its own, which show its
 * peak memory. Later, they share them in another order each time, because what ran before affects the times.
 */
function groupsOf(trials: readonly Trial[], pass: number): Trial[][] {
  const groups = new Map<string, Trial[]>();
  for (const [i, trial] of trials.entries()) {
    const { measures, teamKey } = trial.aspect;
    const key = pass === 0 && measures === 'time' ? String(i) : teamKey;
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  const random = new SeededRandom(pass);
  return [...groups.values()].map((group) => shuffled(group, random));
}

function shuffled<T>(values: readonly T[], random: SeededRandom): T[] {
  const result = [...values];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
