import type { Command } from 'commander';

import type { CompactEvents } from '../pipeline/compact-dataset.js';
import type { CliContext } from './context.js';
import { formatBytes, formatCount, plural } from './format.js';
import { describeRecall } from './recall.js';
import { StagedProgress } from './staged-progress.js';

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
they receive SIGHUP. Row numbers change. If the dataset has a fit, the fitted encoder also encodes the added answers;
run "univar fit" to fit it on them. If the command is interrupted or killed, run it again; nothing is lost.

Examples:
  $ univar compact values/
`,
    )
    .action((dataset: string, options: CompactCliOptions) => runCompact(dataset, options, context));
}

async function runCompact(dir: string, { index, json }: CompactCliOptions, context: CliContext): Promise<void> {
  const { compactDataset } = await import('../pipeline/compact-dataset.js');
  const progress = new StagedProgress(context);
  let total: number | undefined;
  progress.begin({ label: 'compact', unit: 'answers' });
  const events: CompactEvents = {
    onRead: (rows) => progress.update({ label: 'compact', unit: 'answers' }, rows),
    onFolded: ({ dataset, added, removed, shardsWritten, shardsKept }) => {
      progress.stop();
      total = dataset.rows;
      if (json) return;
      const changes = `${plural(added, 'answer')} added, ${formatCount(removed)} removed`;
      const shards = `${plural(shardsWritten, 'shard')} written, ${formatCount(shardsKept)} kept`;
      context.print(`${changes}: ${dir} now has ${plural(dataset.rows, 'answer')} (${shards})`);
    },
    onFitProgress: (rows) => progress.update({ label: 'fit', unit: 'answers', total }, rows),
    onIndexProgress: (rows) => progress.update({ label: 'index', unit: 'vectors', total }, rows),
  };
  const { dataset, ...compacted } = await compactDataset(dir, { index, signal: context.signal, events }).finally(() =>
    progress.stop(),
  );
  const { index: built, ...folded } = compacted;
  if (json) {
    const { factory, metric, bytes, recall, effort } = built ?? {};
    context.printJson({
      dataset: dir,
      rows: dataset.rows,
      ...folded,
      index: built ? { factory, metric, bytes, recall, effort } : null,
    });
  } else if (built) {
    const searches = describeRecall(built);
    const found = searches === undefined ? '' : `; searches ${searches}`;
    context.print(`Indexed with ${built.factory} (${built.metric}): ${formatBytes(built.bytes)}${found}`);
  }
}
