import type { Command } from 'commander';

import type { CompactEvents } from '../pipeline/compact-dataset.js';
import type { CliContext } from './context.js';
import { formatBytes, formatCount, plural } from './format.js';

interface CompactCliOptions {
  index: boolean;
  json?: boolean;
}

export function addCompactCommand(program: Command, context: CliContext): void {
  program
    .command('compact')
    .description('merge the additions and removals that univar serve saved beside a dataset into the dataset')
    .argument('<dataset>', 'folder written by univar embed')
    .option(
      '--no-index',
      'do not rebuild the index of the dataset; it is then out of date and not used until you run "univar index"',
    )
    .option('--json', 'print the result as one JSON document')
    .addHelpText(
      'after',
      `
First stop the server that can write to the folder. Servers with --read-only can keep running; they load the result when
they receive SIGHUP. Row numbers change. If the command is interrupted or killed, run it again; nothing is lost.

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
      const changes = `${plural(added, 'answer')} added, ${formatCount(removed)} removed`;
      const shards = `${plural(shardsWritten, 'shard')} written, ${formatCount(shardsKept)} kept`;
      context.print(`${changes}: ${dir} now has ${plural(dataset.rows, 'answer')} (${shards})`);
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
