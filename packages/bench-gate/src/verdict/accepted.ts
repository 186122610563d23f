/** Reads the accepted slow-downs and their reasons from a file of the project (bench/accepted.json). */
import { BenchError } from '../errors.js';

export interface Acceptance {
  benchmark: string;
  /** Work counter that may grow. Without it, the entry accepts slower time. */
  counter?: string;
  /** Accepted growth of time or counter as a share: 0.15 for 15 %. */
  upTo: number;
  reason: string;
  /** Commit that made it slower, for readers. */
  commit: string;
}

const KEYS = ['benchmark', 'counter', 'upTo', 'reason', 'commit'];

/**
 * Parses the file.
 *
 * @param text content of the file
 * @param path for messages
 * @throws BenchError `ERR_DATA` naming the entry and the mistake
 */
export function parseAccepted(text: string, path: string): Acceptance[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch (cause) {
    throw new BenchError('ERR_DATA', `${path} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  if (!Array.isArray(entries)) throw new BenchError('ERR_DATA', `${path}: expected an array of accepted slow-downs`);
  return entries.map((entry: unknown, i) => parseEntry(entry, `${path}, entry ${i + 1}`));
}

function parseEntry(entry: unknown, where: string): Acceptance {
  if (typeof entry !== 'object' || entry === null) throw new BenchError('ERR_DATA', `${where}: expected an object`);
  const given = entry as Partial<Record<keyof Acceptance, unknown>>;
  const unknown = Object.keys(entry).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw new BenchError('ERR_DATA', `${where}: "${unknown}" is not one of ${KEYS.join(', ')}`);
  for (const key of ['benchmark', 'reason', 'commit'] as const) {
    if (typeof given[key] !== 'string' || given[key].trim() === '')
      throw new BenchError('ERR_DATA', `${where}: expected a string for "${key}"`);
  }
  if (given.counter !== undefined && typeof given.counter !== 'string')
    throw new BenchError('ERR_DATA', `${where}: expected a string for "counter"`);
  if (typeof given.upTo !== 'number' || !(given.upTo > 0))
    throw new BenchError('ERR_DATA', `${where}: expected a share above 0 for "upTo", for example 0.15`);
  return entry as Acceptance;
}

/**
 * Returns the entries that apply to a check: those that the base does not have. Once an entry is part of the base, so
 * is the slow-down that it accepts, and the entry no longer applies. This needs no commit ids, which a squash merge
 * changes.
 */
export function acceptedSince(head: readonly Acceptance[], base: readonly Acceptance[]): Acceptance[] {
  const identity = ({ benchmark, counter, upTo, commit }: Acceptance): string =>
    JSON.stringify([benchmark, counter ?? null, upTo, commit]);
  const known = new Set(base.map(identity));
  return head.filter((entry) => !known.has(identity(entry)));
}

/** Returns the largest accepted share for a benchmark's time or for one of its counters, or 0. */
export function acceptedShare(entries: readonly Acceptance[], benchmark: string, counter?: string): number {
  return Math.max(
    0,
    ...entries.filter((entry) => entry.benchmark === benchmark && entry.counter === counter).map(({ upTo }) => upTo),
  );
}
