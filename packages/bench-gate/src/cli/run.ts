import { resolve } from 'node:path';

import { plotRatioHistory, readRatioHistory } from '../report/ratio-history.js';
import { type ResultsFile, writeResults } from '../report/results-file.js';
import { describeComparisons, describeMachineLine } from '../report/text.js';
import { replaceFile } from '../report/write-file.js';
import { run } from '../run.js';
import type { CliContext } from './context.js';

export const RUN_OPTIONS = {
  results: { type: 'string', default: 'bench/results' },
  chart: { type: 'string' },
  command: { type: 'string', default: 'bench-gate run' },
} as const;

interface RunValues {
  bench: string[];
  json: boolean;
  results: string;
  chart?: string | undefined;
  command: string;
}

/** Measures module by module, and saves the figures of each before the next begins. */
export async function runRun(names: readonly string[], options: RunValues, context: CliContext): Promise<void> {
  const { signal, log } = context;
  const { bench, command } = options;
  const root = process.cwd();
  const written: ResultsFile[] = [];
  for await (const { name, complete, ...file } of run({ bench, command, names, signal, log })) {
    // Figures of some of the benchmarks of a module must not replace the figures of all of them.
    if (complete) log(`Wrote ${await writeResults(resolve(root, options.results), name, file)}`);
    written.push(file);
    if (!options.json) context.print(`${describeMachineLine(file.machine)}\n${describeComparisons(file.results)}\n`);
  }
  if (options.json) context.printJson(written);
  if (options.chart === undefined) return;
  const points = await readRatioHistory(root, options.results, signal);
  if (points.length > 0) await replaceFile(resolve(root, options.chart), plotRatioHistory(points));
}
