/**
 * Keeps the counts of commits. Every check of a branch compares with the same base, which an earlier check of the main
 * branch may have counted. A file of the cache is named after all that decides a count; see {@link CountIdentity}.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';

import type { BenchmarkInfo } from '../process/protocol.js';
import { replaceFile } from '../report/write-file.js';
import type { BuildCount } from './build-count.js';

/** What decides the counts of a build, besides its benchmarks. */
export interface CountIdentity {
  /** Commit of the build, and the command that built it. */
  build: string;
  /** Hash of the benchmarks' sources. */
  definitions: string;
  valgrind: string;
}

/** Raise it if counting changes. */
const VERSION = 8;

/** Earlier counts of a build. */
export interface CountStore {
  read(part: readonly BenchmarkInfo[]): Promise<BuildCount[] | undefined>;
  write(part: readonly BenchmarkInfo[], counts: readonly BuildCount[]): Promise<void>;
}

export class CountCache implements CountStore {
  /** @param folder is created if it is missing */
  constructor(
    private readonly folder: string,
    private readonly identity: CountIdentity,
  ) {}

  /** Returns the counts of benchmarks that share a process, or undefined. */
  async read(part: readonly BenchmarkInfo[]): Promise<BuildCount[] | undefined> {
    try {
      const counts = JSON.parse(await readFile(this.#path(part), 'utf8')) as StoredCount[];
      return counts.map((count) =>
        count.kind === 'counted' ? { ...count, profile: new Map(Object.entries(count.profile)) } : count,
      );
    } catch {
      return undefined; // missing or damaged
    }
  }

  async write(part: readonly BenchmarkInfo[], counts: readonly BuildCount[]): Promise<void> {
    const stored = counts.map((count): StoredCount => {
      return count.kind === 'counted' ? { ...count, profile: Object.fromEntries(count.profile) } : count;
    });
    await replaceFile(this.#path(part), JSON.stringify(stored));
  }

  /** Callgrind shows the processor's own instruction sets, as far as it knows them. */
  #path(part: readonly BenchmarkInfo[]): string {
    const processor = cpus()[0]?.model;
    const names = part.map(({ name, version, env }) => [name, version, env]);
    const key = JSON.stringify([VERSION, this.identity, process.version, processor, names]);
    return join(this.folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
  }
}

/** Keeps the counts of a build that is always counted again: the working tree may not be what its commit says. */
export function writeOnly(cache: CountStore): CountStore {
  return { read: () => Promise.resolve(undefined), write: (part, counts) => cache.write(part, counts) };
}

type StoredCount =
  | (Omit<Extract<BuildCount, { kind: 'counted' }>, 'profile'> & { profile: Record<string, number> })
  | Extract<BuildCount, { kind: 'not counted' }>;
