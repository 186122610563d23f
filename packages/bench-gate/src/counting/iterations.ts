/** Counts the instructions of one benchmark inside its process, iteration by iteration, until the counts settle. */
import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs';

import type { Subject } from '../benchmark.js';
import type { ClientRequests } from './client-requests.js';

/** Largest difference of counts that count as the same, as a share: 0.1 %. */
export const SAME_COUNT = 0.001;

/**
 * If the iterations do not agree that well in the end, as those that collect garbage, a difference up to this one is an
 * uncertainty: 1 %.
 */
export const CLOSE_COUNT = 0.01;

/** Of the last iterations, this many must agree. The others may have collected garbage, or optimised a function. */
const LAST = 5;
const AGREEING = 3;

const MAX_ITERATIONS = 16;

/** Iterations before the first count, in which V8 optimises what runs often. They run ten times as fast. */
const WARM_UP_ITERATIONS = 20;

/** Limits for benchmarks with long iterations, in seconds of processor time, which other load does not change. */
const WARM_UP_SECONDS = 1.5;
const MAX_SECONDS = 20;

export interface IterationCounts {
  /** Instructions of each counted iteration, divided by its calls. */
  counts: number[];
  /** Calls in one iteration, whose sum is in the profile. */
  calls: number;
  /** Callgrind's file of the iteration that {@link settledAt} chose, or of the last. */
  profile: string;
}

/**
 * Returns the index of the iteration that stands for all: the median of those that agree. Undefined until then.
 *
 * @param difference counts that differ by this share agree
 */
export function settledAt(counts: readonly number[], difference = SAME_COUNT): number | undefined {
  return spread(counts) <= difference ? lowest(counts)[Math.floor(AGREEING / 2)] : undefined;
}

/** Returns the relative difference between the lowest of the last counts: the others only did more. */
export function spread(counts: readonly number[]): number {
  if (counts.length < AGREEING) return Infinity;
  const agreeing = lowest(counts);
  const least = counts[agreeing[0]!]!;
  return (counts[agreeing.at(-1)!]! - least) / Math.max(1, least);
}

function lowest(counts: readonly number[]): number[] {
  return [...counts.keys()]
    .slice(-LAST)
    .sort((a, b) => counts[a]! - counts[b]!)
    .slice(0, AGREEING);
}

/** Numbers Callgrind's files of this process. */
let dumps = 0;

/**
 * Runs the benchmark until its counts settle, or until the limits above.
 *
 * @param outFile prefix of Callgrind's files
 */
export async function countIterations(
  subject: Pick<Subject, 'run' | 'calls'>,
  requests: ClientRequests,
  outFile: string,
): Promise<IterationCounts> {
  const begin = processorSeconds();
  const { calls = 1 } = subject;
  for (let i = 0; i < WARM_UP_ITERATIONS && (i < 2 || processorSeconds() - begin < WARM_UP_SECONDS); i++)
    await subject.run();
  const counts: number[] = [];
  const profiles: string[] = [];
  const goesOn = (): boolean =>
    counts.length < AGREEING ||
    (settledAt(counts) === undefined && counts.length < MAX_ITERATIONS && processorSeconds() - begin < MAX_SECONDS);
  requests.start();
  while (goesOn()) {
    requests.zero();
    await subject.run();
    requests.dump();
    const profile = `${outFile}.${++dumps}`;
    counts.push(readTotal(profile) / calls);
    profiles.push(profile);
  }
  requests.stop();
  const chosen = profiles[settledAt(counts, CLOSE_COUNT) ?? counts.length - 1]!;
  for (const profile of profiles) if (profile !== chosen) rmSync(profile);
  return { counts, calls, profile: chosen };
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
