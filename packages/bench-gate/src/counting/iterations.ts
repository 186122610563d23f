/** Counts the instructions of one benchmark, iteration by iteration, until the counts settle. */
import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs';

import type { Subject } from '../benchmark.js';

/** Largest difference of counts that count as the same, as a share: 0.1 %. */
export const SAME_COUNT = 0.001;

/**
 * If the iterations do not agree that well in the end, as those that collect garbage, a difference up to this one is an
 * uncertainty: 1 %.
 */
export const CLOSE_COUNT = 0.01;

/** Of the last iterations, some must agree. The others may have collected garbage, or optimised a function. */
const LAST = 5;

const MAX_ITERATIONS = 16;

/** Limits in seconds of processor time, which other load does not change. */
const WARM_UP_SECONDS = 1;
const MAX_SECONDS = 20;

/** Iterations can agree before V8 has optimised all that they run often, so short ones go on up to these limits. */
const LEAST_ITERATIONS = 8;
const LEAST_SECONDS = 2;

/**
 * Short iterations are counted several at a time. Their instructions differ a little by chance, for example if the
 * event loop wakes up once more.
 */
const LEAST_INSTRUCTIONS = 1e7;
const MOST_RUNS = 50;

/** Counts iterations, in this process or in those that it starts. */
export interface IterationCounter {
  /** Number of iterations that must agree. */
  agreeing: number;
  /** Number of iterations before, which show how many runs to count at a time. The first ones also do other work. */
  tries: number;
  /** Runs one iteration, and returns Callgrind's files about it. */
  count: (run: () => unknown) => Promise<string[]>;
}

export interface IterationCounts {
  /** Instructions of each counted iteration, divided by its calls. */
  counts: number[];
  /** Calls in one iteration, whose sum is in the profile. */
  calls: number;
  /** Number of iterations that must agree. */
  agreeing: number;
  /** Callgrind's files of the iteration that {@link settledAt} chose, or of the last. */
  profiles: string[];
}

type Agreement = Pick<IterationCounts, 'counts' | 'agreeing'>;

/**
 * Returns the index of the iteration that stands for all: the median of those that agree. Undefined until then.
 *
 * @param difference counts that differ by this share agree
 */
export function settledAt({ counts, agreeing }: Agreement, difference = SAME_COUNT): number | undefined {
  return spread({ counts, agreeing }) <= difference ? lowest(counts, agreeing)[Math.floor(agreeing / 2)] : undefined;
}

/** Returns the relative difference between the lowest of the last counts: the others only did more. */
export function spread({ counts, agreeing }: Agreement): number {
  if (counts.length < agreeing) return Infinity;
  const agreed = lowest(counts, agreeing);
  const least = counts[agreed[0]!]!;
  return (counts[agreed.at(-1)!]! - least) / Math.max(1, least);
}

function lowest(counts: readonly number[], agreeing: number): number[] {
  return [...counts.keys()]
    .slice(-LAST)
    .sort((a, b) => counts[a]! - counts[b]!)
    .slice(0, agreeing);
}

/** Runs the benchmark without counting, so that V8 optimises what runs often. */
export async function warmUpToCount(subject: Pick<Subject, 'run'>): Promise<void> {
  const begin = processorSeconds();
  do await subject.run();
  while (processorSeconds() - begin < WARM_UP_SECONDS);
}

/** Runs the benchmark until its counts settle, or until the limits above. */
export async function countIterations(
  subject: Pick<Subject, 'run' | 'calls'>,
  { agreeing, tries, count }: IterationCounter,
): Promise<IterationCounts> {
  const begin = processorSeconds();
  const { calls = 1 } = subject;
  const seconds = (): number => processorSeconds() - begin;
  const measure = async (runs: number): Promise<{ files: string[]; total: number }> => {
    const files = await count(async () => {
      for (let i = 0; i < runs; i++) await subject.run();
    });
    return { files, total: files.reduce((sum, file) => sum + readTotal(file), 0) };
  };
  let least = LEAST_INSTRUCTIONS;
  for (let i = 0; i < tries; i++) {
    const { files, total } = await measure(1);
    least = Math.min(least, Math.max(1, total));
    for (const file of files) rmSync(file);
  }
  const runs = Math.min(MOST_RUNS, Math.ceil(LEAST_INSTRUCTIONS / least));
  const counts: number[] = [];
  const profiles: string[][] = [];
  const goesOn = (): boolean => {
    if (counts.length < agreeing) return true;
    if (settledAt({ counts, agreeing }) !== undefined)
      return agreeing > 1 && counts.length < LEAST_ITERATIONS && seconds() < LEAST_SECONDS;
    return counts.length < MAX_ITERATIONS && seconds() < MAX_SECONDS;
  };
  while (goesOn()) {
    const { files, total } = await measure(runs);
    counts.push(total / (runs * calls));
    profiles.push(files);
  }
  const kept = profiles[settledAt({ counts, agreeing }, CLOSE_COUNT) ?? counts.length - 1]!;
  for (const file of profiles.flat()) if (!kept.includes(file)) rmSync(file);
  return { counts, calls: runs * calls, agreeing, profiles: kept };
}

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const TAIL_BYTES = 256;

/** Reads the total at the end of Callgrind's file. */
function readTotal(path: string): number {
  const file = openSync(path, 'r');
  try {
    const tail = Buffer.alloc(TAIL_BYTES);
    readSync(file, tail, 0, TAIL_BYTES, Math.max(0, fstatSync(file).size - TAIL_BYTES));
    return Number(/^totals: (\d+)/m.exec(tail.toString())?.[1]);
  } finally {
    closeSync(file);
  }
}
