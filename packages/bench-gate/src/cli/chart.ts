import { resolve } from 'node:path';

import { BenchError } from '../errors.js';
import { plotHistory, readHistory } from '../report/history.js';
import { replaceFile } from '../report/write-file.js';
import type { CliContext } from './context.js';

/** Draws the history of checks: `bench-gate chart HISTORY SVG`. */
export async function runChart(args: readonly string[], { log }: CliContext): Promise<void> {
  const [history, chart, ...more] = args;
  if (history === undefined || chart === undefined || more.length > 0)
    throw new BenchError('ERR_ARG_RANGE', 'Expected two files: bench-gate chart HISTORY.jsonl CHART.svg');
  const lines = await readHistory(resolve(history));
  await replaceFile(resolve(chart), plotHistory(lines));
  log(`Wrote ${chart}: ${lines.length} checks`);
}
