/**
 * Counts the instructions of benchmarks in two builds. A count does not depend on the speed of the machine or on other
 * load, so one run each shows changes that no clock could.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';

import type { Side, Sides } from '../block.js';
import type { BenchmarkInfo, Counted } from '../protocol.js';
import { SAME_COUNT, settledAt, spread } from './iterations.js';
import { changedFunctions, type FunctionChange, parseProfile } from './profile.js';
import { type SideCount, SideCounter, type SideCounterOptions } from './side-counter.js';

export type InstructionChange =
  | {
      kind: 'counted';
      /** Instructions of one iteration. */
      base: number;
      head: number;
      /** (head - base) / base. */
      growth: number;
      /** Variant of the build that was counted: Valgrind does not know all instruction sets. */
      variant: string | null;
      /** Functions that explain the change, if it is worth a look. */
      functions: FunctionChange[];
    }
  | { kind: 'not counted'; reason: string };

/** Growth from which a check fails, as a share. */
export const INSTRUCTION_LIMIT = 0.02;

/** Changes from this share on are explained by functions. */
const EXPLAINED = 0.005;

export interface CountSetting extends Sides, SideCounterOptions {
  /** Called after each benchmark of the head with the number of those that were counted. */
  onProgress?: ((counted: number) => void) | undefined;
}

/**
 * Counts both builds at the same time. Benchmarks with the same environment share a process, because Node needs ten
 * seconds to start under Callgrind. Growth that would fail a check is counted again in processes of its own: V8 may
 * have optimised a function at another moment.
 */
export async function countBenchmarks(
  benchmarks: readonly BenchmarkInfo[],
  setting: CountSetting,
): Promise<Map<string, InstructionChange>> {
  const folder = await mkdtemp(join(tmpdir(), 'univar-count-'));
  const changes = new Map<string, InstructionChange>();
  const recount: BenchmarkInfo[] = [];
  let processes = 0;
  const count = async (group: readonly BenchmarkInfo[], advance?: () => void): Promise<InstructionChange[]> => {
    const outFile = join(folder, String(++processes));
    const [base, head] = await Promise.all([
      countSide(group, setting.base, `${outFile}-base`, setting),
      countSide(group, setting.head, `${outFile}-head`, setting, advance),
    ]);
    return Promise.all(group.map((_, i) => compareCounts(base[i]!, head[i]!)));
  };
  try {
    for (const { notCounted, name } of benchmarks)
      if (notCounted !== null) changes.set(name, { kind: 'not counted', reason: notCounted });
    let done = 0;
    for (const group of groupsOf(benchmarks.filter(({ notCounted }) => notCounted === null))) {
      const counted = await count(group, () => setting.onProgress?.(++done));
      for (const [i, change] of counted.entries()) {
        changes.set(group[i]!.name, change);
        if (change.kind === 'counted' && change.growth >= INSTRUCTION_LIMIT) recount.push(group[i]!);
      }
    }
    for (const benchmark of recount) {
      const [again] = await count([benchmark]);
      changes.set(benchmark.name, smallerGrowth(changes.get(benchmark.name)!, again!));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  setting.signal?.throwIfAborted();
  return changes;
}

function smallerGrowth(first: InstructionChange, second: InstructionChange): InstructionChange {
  return first.kind === 'counted' && second.kind === 'counted' && second.growth < first.growth ? second : first;
}

/** Groups the benchmarks that can share a process. */
function groupsOf(benchmarks: readonly BenchmarkInfo[]): BenchmarkInfo[][] {
  const groups = new Map<string, BenchmarkInfo[]>();
  for (const benchmark of benchmarks) {
    const key = JSON.stringify([extname(benchmark.file), Object.entries(benchmark.env).sort()]);
    const group = groups.get(key);
    if (group) group.push(benchmark);
    else groups.set(key, [benchmark]);
  }
  return [...groups.values()];
}

/** Counts the benchmarks of a group in one build, one after the other. */
async function countSide(
  group: readonly BenchmarkInfo[],
  side: Side,
  outFile: string,
  setting: CountSetting,
  advance?: () => void,
): Promise<SideCount[]> {
  const counter = new SideCounter(side, outFile, setting);
  const counts: SideCount[] = [];
  try {
    for (const benchmark of group) {
      counts.push(await counter.count(benchmark));
      advance?.();
    }
  } finally {
    await counter.stop();
  }
  return counts;
}

/** Compares the counts of a benchmark in both builds, and explains a change by functions. */
export async function compareCounts(base: SideCount, head: SideCount): Promise<InstructionChange> {
  if ('reason' in head) return { kind: 'not counted', reason: head.reason };
  if ('reason' in base) return { kind: 'not counted', reason: `in the base, ${base.reason}` };
  for (const { counts } of [base, head]) {
    if (settledAt(counts) === undefined) {
      const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
      const difference = `${percent(spread(counts))} of their instructions, more than ${percent(SAME_COUNT)}`;
      return { kind: 'not counted', reason: `its iterations differ by ${difference}` };
    }
  }
  const [before, after] = [base, head].map(({ counts }) => counts[settledAt(counts)!]!) as [number, number];
  const growth = (after - before) / Math.max(1, before);
  const functions =
    Math.abs(growth) < EXPLAINED ? [] : changedFunctions(await readProfile(base), await readProfile(head));
  return { kind: 'counted', base: before, head: after, growth, variant: head.variant, functions };
}

async function readProfile({ profile }: Counted) {
  return parseProfile(await readFile(profile, 'utf8'));
}
