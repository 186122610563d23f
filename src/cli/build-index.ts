import { type Command, Option } from 'commander';

import type { CliContext } from './context.js';
import { formatBytes, formatCount, formatDuration } from './format.js';
import { integer } from './parse-options.js';

interface BuildIndexCliOptions {
  factory: string;
  metric: 'l2' | 'ip';
  efConstruction?: number;
  json?: boolean;
}

export function addIndexCommand(program: Command, context: CliContext): void {
  program
    .command('index')
    .description('build an index over a dataset, so that identify need not look at every answer')
    .argument('<dataset>', 'folder written by univar embed')
    .option('--factory <string>', 'FAISS factory string, for example Flat, HNSW32, IVF256,Flat, IVF256,SQ8 or IVF256,PQ48', 'HNSW32')
    .addOption(new Option('--metric <metric>', 'Euclidean distance or inner product').choices(['l2', 'ip']).default('l2'))
    .option('--ef-construction <n>', 'HNSW: candidates that are kept while a vector is linked (default: 40)', integer(1))
    .option('--json', 'print the result as one JSON document')
    .addHelpText(
      'after',
      `
Exact search is fast enough for some ten thousand answers; an index pays beyond that.

Examples:
  $ univar index values/ --factory HNSW32
  $ univar index values/ --factory IVF256,SQ8 --metric ip
`,
    )
    .action((dataset: string, options: BuildIndexCliOptions) => runIndex(dataset, options, context));
}

async function runIndex(dir: string, { json, ...options }: BuildIndexCliOptions, context: CliContext): Promise<void> {
  const { openDataset } = await import('../data/dataset.js');
  const { buildDatasetIndex, INDEX_FILE } = await import('./dataset-index.js');
  const dataset = await openDataset(dir);
  const start = performance.now();
  const progress = context.progress({ label: 'index', unit: 'vectors', total: dataset.rows });
  const { signal } = context;
  const onProgress = (rows: number): void => {
    progress.update(rows);
  };
  const built = await buildDatasetIndex(dataset, { ...options, signal, onProgress }).finally(() => {
    progress.stop();
  });
  const { factory, metric, rows, bytes } = built;
  const seconds = (performance.now() - start) / 1000;
  const file = `${dir}/${INDEX_FILE}`;
  if (json) context.printJson({ dataset: dir, index: file, factory, metric, rows, bytes, seconds });
  else context.print(`Indexed ${formatCount(rows)} vectors with ${factory} (${metric}) in ${formatDuration(seconds)}: ${file}, ${formatBytes(bytes)}`);
}
