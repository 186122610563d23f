import { basename, resolve } from 'node:path';

import { type Command, Option } from 'commander';

import { DATASET_EXPORT_FORMATS, type DatasetExportFormat } from '../datasets/export/dataset-export-formats.js';
import type { CliContext } from './context.js';
import { formatBytes, plural } from './format.js';

interface ExportDatasetOptions {
  to: DatasetExportFormat;
  out?: string;
  vectors: boolean;
  json?: boolean;
}

export function addExportDatasetCommand(program: Command, context: CliContext): void {
  program
    .command('export-dataset')
    .description(
      'write the answers of a dataset, their value ids and their vectors into one file, for example for Python',
    )
    .argument('<dataset>', 'dataset folder')
    .addOption(
      new Option('--to <format>', 'parquet: vectors as lists of float32; csv: vectors as columns v0, v1, ...')
        .choices(DATASET_EXPORT_FORMATS)
        .makeOptionMandatory(),
    )
    .option('-o, --out <file>', 'file to write (default: the name of the dataset, in the current folder)')
    .option('--no-vectors', 'only answers and value ids')
    .option('--json', 'print the result as one JSON document')
    .addHelpText(
      'after',
      `
Examples; docs/python.md reads the files:
  $ univar export-dataset values/ --to parquet
  $ univar export-dataset values/ --to csv --no-vectors --out answers.csv
`,
    )
    .action((dataset: string, options: ExportDatasetOptions) => runExportDataset(dataset, options, context));
}

async function runExportDataset(
  dir: string,
  { to, out = `${basename(resolve(dir))}.${to}`, vectors, json }: ExportDatasetOptions,
  context: CliContext,
): Promise<void> {
  const { openDataset } = await import('../datasets/dataset.js');
  const { exportDataset } = await import('../datasets/export/export-dataset.js');
  const dataset = await openDataset(dir);
  const progress = context.progress({ label: 'export', unit: 'answers', total: dataset.rows });
  try {
    const { signal } = context;
    const result = await exportDataset(dataset, out, {
      to,
      vectors,
      signal,
      onProgress: (rows) => progress.update(rows),
    });
    progress.stop();
    if (json) {
      context.printJson({ dataset: dir, file: out, to, ...result });
      return;
    }
    const what = vectors ? ` with vectors of ${result.dim} dimensions` : '';
    context.print(`Wrote ${plural(result.rows, 'answer')}${what} to ${out}: ${formatBytes(result.bytes)}.`);
  } finally {
    progress.stop();
  }
}
