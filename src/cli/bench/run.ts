import { basename, extname, relative, resolve } from 'node:path';

import type { Environment } from '../../benchmarking/benchmark.js';
import { type ComparisonResult, compareWithPeer } from '../../benchmarking/compare-with-peer.js';
import { selectBenchmarks } from '../../benchmarking/find-benchmarks.js';
import type { BenchmarkInfo } from '../../benchmarking/protocol.js';
import { describeMachine, type ResultsFile, writeResults } from '../../benchmarking/results-file.js';
import { makeFolder } from '../../core/make-folder.js';
import { expectReplaceable, replaceFile } from '../../core/replace-file.js';
import type { CliContext } from '../context.js';
import type { BenchRunOptions } from './options.js';
import { describeComparisons, describeMachineLine } from './print.js';

/** Measures file by file, and saves the figures of each file before the next begins. */
export async function runBenchRun(
  names: readonly string[],
  options: BenchRunOptions,
  context: CliContext,
): Promise<void> {
  const root = process.cwd();
  await makeFolder(resolve(root, options.results));
  if (options.chart !== undefined) await expectReplaceable(resolve(root, options.chart));
  const benchmarks = await selectBenchmarks(root, { paths: options.bench, names, purpose: 'run' }, context.signal);
  const written: ResultsFile[] = [];
  for (const file of new Set(benchmarks.map((benchmark) => benchmark.file))) {
    const name = basename(file, extname(file));
    const own = benchmarks.filter((benchmark) => benchmark.file === file);
    const { results, environment } = await measure(own, root, context);
    const content = { command: `npm run bench -- ${name}`, machine: await describeMachine(root, environment), results };
    // Figures of some of the benchmarks of a file must not replace the figures of all of them.
    const all = await selectBenchmarks(root, { paths: [file], names: [], purpose: 'run' }, context.signal);
    if (own.length === all.length)
      context.log(`Wrote ${relative(root, await writeResults(resolve(root, options.results), name, content))}`);
    written.push(content);
    if (!options.json) context.print(`${describeMachineLine(content.machine)}\n${describeComparisons(results)}\n`);
  }
  if (options.json) context.printJson(written);
  if (options.chart !== undefined) {
    const { plotRatioHistory, readRatioHistory } = await import('../../benchmarking/ratio-history.js');
    const points = await readRatioHistory(root, options.results, context.signal);
    if (points.length > 0) await replaceFile(resolve(root, options.chart), [plotRatioHistory(points)]);
  }
}

async function measure(
  benchmarks: readonly BenchmarkInfo[],
  root: string,
  context: CliContext,
): Promise<{ results: ComparisonResult[]; environment: Environment | null }> {
  const results: ComparisonResult[] = [];
  let environment: Environment | null = null;
  for (const benchmark of benchmarks) {
    context.log(benchmark.name);
    const comparison = await compareWithPeer(benchmark, root, context.signal);
    results.push(comparison.result);
    environment ??= comparison.environment;
  }
  return { results, environment };
}
