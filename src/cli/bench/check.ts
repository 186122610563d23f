import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { type Acceptance, acceptedSince, parseAccepted } from '../../benchmarking/accepted.js';
import { buildBase } from '../../benchmarking/base-build.js';
import { resolveBase } from '../../benchmarking/base-revision.js';
import { type CheckEntry, checkBenchmarks, FAILURES } from '../../benchmarking/check.js';
import { listBenchmarks } from '../../benchmarking/child-process.js';
import { findBenchmarkFiles, selectBenchmarks } from '../../benchmarking/find-benchmarks.js';
import { tryGit } from '../../benchmarking/git.js';
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
  const progress = context.progress({ label: 'check', unit: 'benchmarks', total: benchmarks.length });
  const entries = await checkBenchmarks(benchmarks, {
    base: { root: folder },
    head: { root },
    accepted,
    baseVersions: await versionsOf(folder, options.bench, signal),
    budgetSeconds: options.budget,
    signal,
    onProgress: (decided) => {
      progress.update(decided);
    },
  }).finally(() => {
    progress.stop();
  });
  report(entries, { base, seconds: (performance.now() - begin) / 1000 }, options, context);
}

function report(
  entries: readonly CheckEntry[],
  { base, seconds }: { base: { commit: string; why: string }; seconds: number },
  { json, command, accepted }: BenchCheckOptions,
  context: CliContext,
): void {
  const failed = entries.filter(({ status }) => FAILURES.includes(status));
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
