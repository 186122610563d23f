import type { Command } from 'commander';

import type { Dataset } from '../datasets/dataset.js';
import type { BuildIndexOptions } from '../pipeline/dataset-index.js';
import type { CliContext } from './context.js';
import { formatBytes, formatCount } from './format.js';

interface CompactCliOptions {
  index: boolean;
  json?: boolean;
}

export function addCompactCommand(program: Command, context: CliContext): void {
  program
    .command('compact')
    .description('make the additions and removals that univar serve keeps beside a dataset part of it')
    .argument('<dataset>', 'folder written by univar embed')
    .option(
      '--no-index',
      'do not build the index again that the dataset has; until "univar index" it is stale and not used',
    )
    .option('--json', 'print the result as one JSON document')
    .addHelpText(
      'after',
      `
Stop the server that serves the folder for writing first; those with --read-only may go on, and take the result at SIGHUP.
Row numbers change. It can be interrupted, or killed, at any moment: run it again.

Examples:
  $ univar compact values/
`,
    )
    .action((dataset: string, options: CompactCliOptions) => runCompact(dataset, options, context));
}

async function runCompact(
  dir: string,
  { index: wantsIndex, json }: CompactCliOptions,
  context: CliContext,
): Promise<void> {
  const { foldChanges } = await import('../datasets/changes/fold-changes.js');
  const { readIndexDescription } = await import('../pipeline/dataset-index.js');
  const { factory, metric, efConstruction, embeddings } = (wantsIndex && (await readIndexDescription(dir))) || {};
  const folding = context.progress({ label: 'compact', unit: 'answers' });
  const onProgress = (rows: number): void => folding.update(rows);
  const { dataset, ...folded } = await foldChanges(dir, { signal: context.signal, onProgress }).finally(() =>
    folding.stop(),
  );
  const { added, removed, shardsWritten, shardsKept } = folded;
  if (!json) {
    const shards = `${formatCount(shardsWritten)} shards written, ${formatCount(shardsKept)} kept`;
    context.print(
      `${formatCount(added)} answers added, ${formatCount(removed)} removed: ${formatCount(dataset.rows)} are in ${dir} (${shards})`,
    );
  }
  const isStale = embeddings !== dataset.embeddingsChecksum;
  const index =
    factory && metric && isStale ? await buildIndex(dataset, { factory, metric, efConstruction }, context) : undefined;
  if (json) context.printJson({ dataset: dir, rows: dataset.rows, ...folded, index: index ?? null });
  else if (index) context.print(`Indexed with ${index.factory} (${index.metric}): ${formatBytes(index.bytes)}`);
}

async function buildIndex(
  dataset: Dataset,
  options: Pick<BuildIndexOptions, 'factory' | 'metric' | 'efConstruction'>,
  context: CliContext,
): Promise<{ factory: string; metric: string; bytes: number }> {
  const { buildDatasetIndex } = await import('../pipeline/dataset-index.js');
  const progress = context.progress({ label: 'index', unit: 'vectors', total: dataset.rows });
  const onProgress = (rows: number): void => progress.update(rows);
  const { factory, metric, bytes } = await buildDatasetIndex(dataset, {
    ...options,
    signal: context.signal,
    onProgress,
  }).finally(() => progress.stop());
  return { factory, metric, bytes };
}
