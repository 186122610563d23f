import type { Command } from 'commander';

import type { CompactEvents } from '../pipeline/compact-dataset.js';
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

async function runCompact(dir: string, { index, json }: CompactCliOptions, context: CliContext): Promise<void> {
  const { compactDataset } = await import('../pipeline/compact-dataset.js');
  let progress = context.progress({ label: 'compact', unit: 'answers' });
  const events: CompactEvents = {
    onRead: (rows) => progress.update(rows),
    onFolded: ({ dataset, added, removed, shardsWritten, shardsKept }) => {
      progress.stop();
      progress = context.progress({ label: 'index', unit: 'vectors', total: dataset.rows });
      if (json) return;
      const rows = `${formatCount(added)} answers added, ${formatCount(removed)} removed: ${formatCount(dataset.rows)}`;
      const shards = `${formatCount(shardsWritten)} shards written, ${formatCount(shardsKept)} kept`;
      context.print(`${rows} are in ${dir} (${shards})`);
    },
    onIndexProgress: (rows) => progress.update(rows),
  };
  const { dataset, ...compacted } = await compactDataset(dir, { index, signal: context.signal, events }).finally(() =>
    progress.stop(),
  );
  const { index: built, ...folded } = compacted;
  if (json) {
    const { factory, metric, bytes } = built ?? {};
    context.printJson({
      dataset: dir,
      rows: dataset.rows,
      ...folded,
      index: built ? { factory, metric, bytes } : null,
    });
  } else if (built) context.print(`Indexed with ${built.factory} (${built.metric}): ${formatBytes(built.bytes)}`);
}
