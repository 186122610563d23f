/** Times benchmarks beside their named peers. */
import { basename, extname, resolve } from 'node:path';

import type { Environment } from './benchmark.js';
import type { BenchOptions } from './check.js';
import { selectBenchmarks } from './find-benchmarks.js';
import type { BenchmarkInfo } from './process/protocol.js';
import { describeMachine, type ResultsFile } from './report/results-file.js';
import { type ComparisonResult, compareWithPeer } from './timing/compare-with-peer.js';

export interface FileResults extends ResultsFile {
  /** Name of the module of benchmarks, without extension. */
  name: string;
  /** Whether these are all benchmarks of the module. */
  complete: boolean;
}

export interface RunOptions extends BenchOptions {
  /** How the project calls this, which is written into the results. @default 'bench-gate run' */
  command?: string;
}

/**
 * Times all benchmarks of a project, module by module. The project must be built.
 *
 * @throws BenchError if a benchmark fails or its peer does not agree
 */
export async function* run(options: RunOptions = {}): AsyncGenerator<FileResults> {
  const { bench = ['bench'], names = [], command = 'bench-gate run', signal } = options;
  const root = resolve(options.root ?? '.');
  const benchmarks = await selectBenchmarks(root, { paths: bench, names, purpose: 'run' }, signal);
  for (const file of new Set(benchmarks.map((benchmark) => benchmark.file))) {
    const name = basename(file, extname(file));
    const own = benchmarks.filter((benchmark) => benchmark.file === file);
    const { results, environment } = await measure(own, root, options);
    const all = await selectBenchmarks(root, { paths: [file], names: [], purpose: 'run' }, signal);
    const machine = await describeMachine(root, environment);
    yield { name, complete: own.length === all.length, command: `${command} ${name}`, machine, results };
  }
}

async function measure(
  benchmarks: readonly BenchmarkInfo[],
  root: string,
  { log, signal }: BenchOptions,
): Promise<{ results: ComparisonResult[]; environment: Environment | null }> {
  const results: ComparisonResult[] = [];
  let environment: Environment | null = null;
  for (const benchmark of benchmarks) {
    log?.(benchmark.name);
    const comparison = await compareWithPeer(benchmark, root, signal);
    results.push(comparison.result);
    environment ??= comparison.environment;
  }
  return { results, environment };
}
