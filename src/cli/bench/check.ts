import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { type Acceptance, acceptedSince, parseAccepted } from '../../benchmarking/accepted.js';
import { buildBase, CACHE } from '../../benchmarking/base-build.js';
import { resolveBase } from '../../benchmarking/base-revision.js';
import type { Sides } from '../../benchmarking/block.js';
import { type CheckEntry, checkBenchmarks, FAILURES, STRICT_FAILURES } from '../../benchmarking/check.js';
import { listBenchmarks } from '../../benchmarking/child-process.js';
import { compileClientRequests } from '../../benchmarking/counting/client-requests.js';
import { countBenchmarks, type InstructionChange } from '../../benchmarking/counting/count.js';
import { findValgrind } from '../../benchmarking/counting/valgrind.js';
import { findBenchmarkFiles, selectBenchmarks } from '../../benchmarking/find-benchmarks.js';
import { tryGit } from '../../benchmarking/git.js';
import type { BenchmarkInfo } from '../../benchmarking/protocol.js';
import type { CliContext } from '../context.js';
import type { BenchCheckOptions } from './options.js';
import { describeCheck, describeFailures } from './print.js';

const FAILED = 1;

/** Prints the verdict on each benchmark. Sets exit code 1 if one became slower. */
export async function runBenchCheck(
  names: readonly string[],
  options: BenchCheckOptions,
  context: CliContext,
): Promise<void> {
  const root = process.cwd();
  const { signal } = context;
  const base = await resolveBase(root, { ...options, acceptedFile: options.accepted }, signal);
  if (base.kind === 'none') {
    if (options.json) context.printJson({ base, entries: [], passed: true });
    else context.print(`Nothing to compare with: ${base.why}.`);
    return;
  }
  const benchmarks = await selectBenchmarks(root, { paths: options.bench, names, purpose: 'check' }, signal);
  const accepted = await acceptedEntries(root, base.commit, options.accepted);
  const folder = await buildBase({ ...options, root, commit: base.commit, log: (text) => context.log(text), signal });
  const begin = performance.now();
  const seconds = (): number => (performance.now() - begin) / 1000;
  const sides = { base: { root: folder }, head: { root } };
  const baseVersions = await versionsOf(folder, options.bench, signal);
  const isSame = ({ name, version }: BenchmarkInfo): boolean => (baseVersions.get(name) ?? version) === version;
  const instructions = await count(benchmarks.filter(isSame), sides, options, context);
  const progress = context.progress({ label: 'check', unit: 'benchmarks', total: benchmarks.length });
  const entries = await checkBenchmarks(benchmarks, {
    ...sides,
    accepted,
    baseVersions,
    instructions,
    budgetSeconds: options.budget - seconds(),
    signal,
    onProgress: (decided) => {
      progress.update(decided);
    },
  }).finally(() => {
    progress.stop();
  });
  report(entries, { base, seconds: seconds() }, options, context);
}

/** Share of the budget in which counting may begin. The rest is for time. */
const COUNTING_SHARE = 0.6;

/** Counts the instructions, or prints why not. */
async function count(
  benchmarks: readonly BenchmarkInfo[],
  sides: Sides,
  options: BenchCheckOptions,
  context: CliContext,
): Promise<Map<string, InstructionChange>> {
  const nothing = (reason: string): Map<string, InstructionChange> =>
    new Map(benchmarks.map(({ name }) => [name, { kind: 'not counted', reason }]));
  if (!options.count) return nothing('--no-count');
  const valgrind = await findValgrind();
  const requests = 'missing' in valgrind ? valgrind : await compileClientRequests(join(sides.head.root, CACHE));
  if ('missing' in requests) {
    context.log(`Instructions are not counted: ${requests.missing}`);
    return nothing(requests.missing);
  }
  const progress = context.progress({ label: 'count', unit: 'benchmarks', total: benchmarks.length });
  return countBenchmarks(benchmarks, {
    ...sides,
    requests: requests.path,
    deadline: performance.now() + 1000 * COUNTING_SHARE * options.budget,
    signal: context.signal,
    onProgress: (counted) => {
      progress.update(counted);
    },
  }).finally(() => {
    progress.stop();
  });
}

function report(
  entries: readonly CheckEntry[],
  { base, seconds }: { base: { commit: string; why: string }; seconds: number },
  { json, command, accepted, strict }: BenchCheckOptions,
  context: CliContext,
): void {
  const failures = strict ? STRICT_FAILURES : FAILURES;
  const failed = entries.filter(({ status }) => failures.includes(status));
  if (json) {
    context.printJson({ base, seconds, entries, passed: failed.length === 0 });
  } else {
    context.print(
      `Compared with ${base.commit.slice(0, 10)} (${base.why}) in ${Math.round(seconds)} s\n\n` +
        describeCheck(entries),
    );
    if (failed.length > 0) context.print(`\n${describeFailures(failed, { base: base.commit, command, accepted })}`);
  }
  if (failed.length > 0) context.setExitCode(FAILED);
}

async function acceptedEntries(root: string, base: string, path: string): Promise<Acceptance[]> {
  const file = resolve(root, path);
  if (!existsSync(file)) return [];
  const old = await tryGit(root, ['show', `${base}:${path}`]);
  return acceptedSince(
    parseAccepted(readFileSync(file, 'utf8'), path),
    old === undefined ? [] : parseAccepted(old, `${path} of the base`),
  );
}

/** Returns the versions of the base's benchmarks. Those that cannot be read count as unchanged. */
async function versionsOf(folder: string, paths: readonly string[], signal: AbortSignal): Promise<Map<string, number>> {
  const present = paths.filter((path) => existsSync(resolve(folder, path)));
  const versions = new Map<string, number>();
  for (const file of findBenchmarkFiles(folder, present)) {
    const benchmarks = await listBenchmarks(file, signal).catch(() => []);
    for (const { name, version } of benchmarks) versions.set(name, version);
  }
  signal.throwIfAborted();
  return versions;
}
