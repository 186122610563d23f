/** Slow-downs that people have accepted, with the reason, in a file of the project (bench/accepted.json). */
import { EngineError } from '../core/errors.js';

export interface Acceptance {
  benchmark: string;
  /** A work counter that may grow; without it, time may. */
  counter?: string;
  /** Share by which it may become slower, or the counter larger: 0.15 for 15 %. */
  upTo: number;
  reason: string;
  /** What made it slower, for the reader. */
  commit: string;
}

const KEYS = ['benchmark', 'counter', 'upTo', 'reason', 'commit'];

/**
 * @param text of the file
 * @param path for messages
 * @throws EngineError `ERR_DATA` naming the entry and what is wrong with it
 */
export function parseAccepted(text: string, path: string): Acceptance[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch (cause) {
    throw new EngineError(
      'ERR_DATA',
      `${path} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  if (!Array.isArray(entries)) throw new EngineError('ERR_DATA', `${path}: expected an array of accepted slow-downs`);
  return entries.map((entry: unknown, i) => parseEntry(entry, `${path}, entry ${i + 1}`));
}

function parseEntry(entry: unknown, where: string): Acceptance {
  if (typeof entry !== 'object' || entry === null) throw new EngineError('ERR_DATA', `${where}: expected an object`);
  const given = entry as Partial<Record<keyof Acceptance, unknown>>;
  const stranger = Object.keys(entry).find((key) => !KEYS.includes(key));
  if (stranger !== undefined)
    throw new EngineError('ERR_DATA', `${where}: "${stranger}" is none of ${KEYS.join(', ')}`);
  for (const key of ['benchmark', 'reason', 'commit'] as const) {
    if (typeof given[key] !== 'string' || given[key].trim() === '')
      throw new EngineError('ERR_DATA', `${where}: expected a text for "${key}"`);
  }
  if (given.counter !== undefined && typeof given.counter !== 'string')
    throw new EngineError('ERR_DATA', `${where}: expected a text for "counter"`);
  if (typeof given.upTo !== 'number' || !(given.upTo > 0))
    throw new EngineError('ERR_DATA', `${where}: expected a share above 0 for "upTo", for example 0.15`);
  return entry as Acceptance;
}

/**
 * The entries that a check lets pass: those that the base does not have. Once an entry is part of the base, so is the
 * slow-down it excuses, and it excuses nothing further. This needs no commit ids, which a squash merge changes.
 */
export function acceptedSince(head: readonly Acceptance[], base: readonly Acceptance[]): Acceptance[] {
  const identity = ({ benchmark, counter, upTo, commit }: Acceptance): string =>
    JSON.stringify([benchmark, counter ?? null, upTo, commit]);
  const known = new Set(base.map(identity));
  return head.filter((entry) => !known.has(identity(entry)));
}

/** The largest share that is accepted for a benchmark's time or for one of its counters; 0 for none. */
export function acceptedShare(entries: readonly Acceptance[], benchmark: string, counter?: string): number {
  return Math.max(
    0,
    ...entries.filter((entry) => entry.benchmark === benchmark && entry.counter === counter).map(({ upTo }) => upTo),
  );
}
