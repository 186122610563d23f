/** Compares work counters of two builds. They are exact, so one run shows changes that noise hides from a clock. */
import type { Counters } from '../benchmark.js';

/** What a process observed of itself. */
export interface Observed {
  counters: Counters | null;
  /** Null if the process did other work too. */
  peakMemoryBytes: number | null;
}

export interface CounterChange {
  counter: string;
  base: number;
  head: number;
  /** (head - base) / base, if the base is not 0. */
  growth: number;
}

/**
 * Peak memory is compared like a counter, but only growth beyond these bounds counts, because allocators and garbage
 * collectors vary.
 */
export const PEAK_MEMORY = 'peakMemoryBytes';
const PEAK_MEMORY_SHARE = 0.1;
const PEAK_MEMORY_BYTES = 16 * 2 ** 20;

/**
 * Returns the counters whose ranges do not overlap: the minimum of one build is above the maximum of the other. So a
 * counter that a benchmark wrongly declares exact causes no false alarm. Counters that only one build has are left out.
 */
export function counterChanges(base: readonly Observed[], head: readonly Observed[]): CounterChange[] {
  const names = new Set([...base, ...head].flatMap(({ counters }) => Object.keys(counters ?? {})));
  const exact = [...names].sort().flatMap((counter) => {
    const [before, after] = [base, head].map((finishes) =>
      finishes.flatMap(({ counters }) => counters?.[counter] ?? []),
    );
    return changeOf(counter, before!, after!);
  });
  const memory = changeOf(
    PEAK_MEMORY,
    base.flatMap(({ peakMemoryBytes }) => peakMemoryBytes ?? []),
    head.flatMap(({ peakMemoryBytes }) => peakMemoryBytes ?? []),
  );
  return [
    ...exact,
    ...memory.filter(
      ({ base: before, head: after }) => Math.abs(after - before) > before * PEAK_MEMORY_SHARE + PEAK_MEMORY_BYTES,
    ),
  ];
}

function changeOf(counter: string, before: readonly number[], after: readonly number[]): CounterChange[] {
  if (before.length === 0 || after.length === 0) return [];
  const change = (from: number, to: number): CounterChange[] => [
    { counter, base: from, head: to, growth: (to - from) / Math.max(1, from) },
  ];
  if (Math.min(...after) > Math.max(...before)) return change(Math.max(...before), Math.min(...after));
  if (Math.max(...after) < Math.min(...before)) return change(Math.min(...before), Math.max(...after));
  return [];
}
