/** Checks a working tree against an older revision: builds it, counts both, measures both, and decides. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import { buildBase, type ReusedOutput } from './base/base-build.js';
import { resolveBase } from './base/base-revision.js';
import { tryGit } from './base/git.js';
import { acceptedByTrailers } from './base/trailers.js';
import { CACHE } from './cache-folder.js';
import type { InstructionChange } from './counting/change.js';
import { compileClientRequests } from './counting/client-requests.js';
import { compareInstructions } from './counting/count.js';
import { CountCache } from './counting/count-cache.js';
import { findValgrind } from './counting/valgrind.js';
import { BenchError } from './errors.js';
import { findBenchmarkFiles, modulesIn, selectBenchmarks } from './find-benchmarks.js';
import { listBenchmarks } from './process/list-benchmarks.js';
import type { BenchmarkInfo } from './process/protocol.js';
import type { Sides } from './timing/block.js';
import { type Acceptance, acceptedSince, parseAccepted } from './verdict/accepted.js';
import { checkBenchmarks } from './verdict/check-benchmarks.js';
import { type CheckEntry, FAILURES, STRICT_FAILURES } from './verdict/check-entry.js';

/** What benchmarks to use, and how to hear about it. */
export interface BenchOptions {
  /** Root of the project and of its git work tree. @default the current folder */
  root?: string;
  /** Files or folders with benchmarks, relative to the root. @default ['bench'] */
  bench?: readonly string[];
  /** Names of benchmarks, prefixes of names up to a slash, or names of files. @default all */
  names?: readonly string[];
  signal?: AbortSignal | undefined;
  /** Receives lines about what is done, and the output of a build. @default nothing is said */
  log?: (text: string) => void;
  /** Reports how far a phase is. */
  onProgress?: (phase: 'count' | 'measure', done: number, total: number) => void;
}

export interface CheckOptions extends BenchOptions {
  /** Revision to compare with. @default the merge base with the main branch, or see docs */
  base?: string | undefined;
  /** Name of the main branch. @default main, then master */
  main?: string | undefined;
  /** File with the accepted slow-downs, relative to the root. @default 'bench/accepted.json' */
  accepted?: string;
  /** Shell command that builds a checkout of the base. @default 'npm run build' */
  build?: string;
  /** Outputs to copy into the base if their inputs did not change. @default none */
  reuse?: readonly ReusedOutput[];
  /** Time for all benchmarks together, in seconds. The build of the base is not part of it. @default 480 */
  budget?: number;
  /** Count instructions where Valgrind is installed. @default true */
  count?: boolean;
  /** Fail for undecided benchmarks too, and for a base that does not build. @default false */
  strict?: boolean;
}

export const DEFAULT_BUDGET_SECONDS = 480;

export interface CheckReport {
  /** The revision that was compared with, or why there is none. */
  base:
    | { kind: 'commit'; commit: string; why: string }
    | { kind: 'none'; why: string }
    /** It does not build, which fails a strict check. */
    | { kind: 'broken'; commit: string; why: string };
  seconds: number;
  entries: CheckEntry[];
  /** Entries that fail the check. */
  failed: CheckEntry[];
  passed: boolean;
}

/**
 * Compares the benchmarks of the working tree, which must be built, with those of an older revision.
 *
 * @throws BenchError for options, benchmarks or files that are wrong; never for what became slower
 */
export async function check(options: CheckOptions = {}): Promise<CheckReport> {
  const { bench = ['bench'], names = [], accepted = 'bench/accepted.json', strict = false, signal } = options;
  const { log = () => undefined, build = 'npm run build', budget = DEFAULT_BUDGET_SECONDS } = options;
  const root = resolve(options.root ?? '.');
  const base = await resolveBase(root, { base: options.base, main: options.main, acceptedFile: accepted }, signal);
  if (base.kind === 'none') return { base, seconds: 0, entries: [], failed: [], passed: true };
  const { commit } = base;
  const benchmarks = await selectBenchmarks(root, { paths: bench, names, purpose: 'check' }, signal);
  const acceptances = [
    ...(await acceptedInFile(root, commit, accepted)),
    ...(await acceptedByTrailers(root, commit, log, signal)),
  ];
  let folder: string;
  try {
    folder = await buildBase({ root, commit, build, reuse: options.reuse ?? [], log, signal });
  } catch (error) {
    if (!(error instanceof BenchError) || error.code !== 'ERR_BUILD') throw error;
    return { base: { kind: 'broken', commit, why: error.message }, ...nothing, passed: !strict };
  }
  const begin = performance.now();
  const seconds = (): number => (performance.now() - begin) / 1000;
  const sides = { base: { root: folder }, head: { root } };
  const baseVersions = await versionsOf(folder, bench, signal);
  const isSame = ({ name, version }: BenchmarkInfo): boolean => (baseVersions.get(name) ?? version) === version;
  const counting = { ...options, root, bench, budget, build, commit };
  const entries = await checkBenchmarks(benchmarks, {
    ...sides,
    accepted: acceptances,
    baseVersions,
    instructions: await countBoth(benchmarks.filter(isSame), sides, counting),
    budgetSeconds: budget - seconds(),
    signal,
    onProgress: (decided, total) => options.onProgress?.('measure', decided, total),
  });
  const failures = strict ? STRICT_FAILURES : FAILURES;
  const failed = entries.filter(({ status }) => failures.includes(status));
  return { base, seconds: seconds(), entries, failed, passed: failed.length === 0 };
}

const nothing = { seconds: 0, entries: [], failed: [] };

/** Share of the budget in which counting may begin. The rest is for time. */
const COUNTING_SHARE = 0.6;

/** Counts the instructions, or says why not. */
async function countBoth(
  benchmarks: readonly BenchmarkInfo[],
  sides: Sides,
  options: CheckOptions & { root: string; bench: readonly string[]; build: string; commit: string; budget: number },
): Promise<Map<string, InstructionChange>> {
  const { root, bench, build, commit, budget, signal, onProgress } = options;
  const uncounted = (reason: string): Map<string, InstructionChange> =>
    new Map(benchmarks.map(({ name }) => [name, { kind: 'not counted', reason }]));
  if (options.count === false) return uncounted('--no-count');
  const tools = await countingTools(root);
  if ('missing' in tools) {
    options.log?.(`Instructions are not counted: ${tools.missing}`);
    return uncounted(tools.missing);
  }
  const { requests, valgrind } = tools;
  const definitions = hashOfDefinitions(benchmarks, root, bench);
  const cacheOf = (revision: string): CountCache =>
    new CountCache(join(root, CACHE, 'counts'), { build: `${revision} ${build}`, definitions, valgrind });
  const headCommit = await cleanCommit(root);
  const total = 2 * benchmarks.length;
  let counted = 0;
  return compareInstructions(benchmarks, {
    ...sides,
    requests,
    baseCache: cacheOf(commit),
    headCache: headCommit === undefined ? undefined : cacheOf(headCommit),
    deadline: performance.now() + 1000 * COUNTING_SHARE * budget,
    signal,
    onCounted: () => onProgress?.('count', ++counted, total),
  });
}

/** Returns the commit of the working tree, if nothing in it has changed since. */
async function cleanCommit(root: string): Promise<string | undefined> {
  const changes = await tryGit(root, ['status', '--porcelain', '--untracked-files=no']);
  return changes === '' ? tryGit(root, ['rev-parse', 'HEAD']) : undefined;
}

/** Finds what counting needs: Valgrind, and the compiled requests to it. */
export async function countingTools(
  root: string,
): Promise<{ requests: string; valgrind: string } | { missing: string }> {
  const valgrind = await findValgrind();
  if ('missing' in valgrind) return valgrind;
  const requests = await compileClientRequests(join(root, CACHE));
  return 'missing' in requests ? requests : { requests: requests.path, valgrind: valgrind.version };
}

/**
 * Hashes what the benchmarks are made of. A compiled copy has all of it. Otherwise, the modules beside the benchmarks
 * count too, because benchmarks import some of them.
 */
function hashOfDefinitions(benchmarks: readonly BenchmarkInfo[], root: string, paths: readonly string[]): string {
  const hash = createHash('sha256');
  const files = new Set(benchmarks.map(({ module }) => module));
  if (benchmarks.some(({ file, module }) => file === module))
    for (const file of modulesIn(root, paths)) files.add(file);
  for (const file of files) hash.update(`${relative(root, file)}\n`).update(readFileSync(file));
  return hash.digest('hex');
}

async function acceptedInFile(root: string, base: string, path: string): Promise<Acceptance[]> {
  const file = resolve(root, path);
  if (!existsSync(file)) return [];
  const old = await tryGit(root, ['show', `${base}:${path}`]);
  return acceptedSince(
    parseAccepted(readFileSync(file, 'utf8'), path),
    old === undefined ? [] : parseAccepted(old, `${path} of the base`),
  );
}

/** Returns the versions of the base's benchmarks. Those that cannot be read count as unchanged. */
async function versionsOf(
  folder: string,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  const present = paths.filter((path) => existsSync(resolve(folder, path)));
  const versions = new Map<string, number>();
  for (const file of findBenchmarkFiles(folder, present)) {
    const benchmarks = await listBenchmarks(file, folder, signal).catch(() => []);
    for (const { name, version } of benchmarks) versions.set(name, version);
  }
  signal?.throwIfAborted();
  return versions;
}
