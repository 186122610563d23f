import { type Command, Option } from 'commander';

import type { CliContext } from './context.js';
import { addEncoderOptions } from './encoder-options.js';
import type { ExploreCliOptions } from './explore/options.js';
import { integer, share } from './parse-options.js';

const DEFAULT_SAMPLE = 50_000;

export function addExploreCommand(program: Command, context: CliContext): void {
  const command = program
    .command('explore')
    .description('open the map of a dataset in a browser, to search, select and compare its answers; docs/explore.md')
    .argument('<dataset>', 'folder written by univar embed')
    .option('-e, --encoder <folder>', 'encoder that embedded the dataset (default: the one used for embedding)');
  addEncoderOptions(command, {
    backend: 'that of the dataset',
    precision: 'that of the dataset',
  })
    .option('--host <address>', 'address to listen on; only this machine can reach the default', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 picks a free one', integer(0, 65_535), 8090)
    .option('--models <file>', 'CSV file with a column "model" and others that describe it, such as developer, year')
    .addOption(
      new Option('--method <method>', 'umap keeps neighbours together; pca shows the directions of largest variance')
        .choices(['umap', 'pca'])
        .default('umap'),
    )
    .option('--neighbours <n>', 'UMAP: number of nearest answers to keep together', integer(3, 200), 15)
    .option('--min-distance <d>', 'UMAP: smallest distance between answers, 0 to 1', share, 0.5)
    .option(
      '--sample <n>',
      'UMAP: lay out this many answers, the same share of each value id, and place the others by their neighbours',
      integer(3),
      DEFAULT_SAMPLE,
    )
    .option('--seed <n>', 'UMAP: seed of the sample and the layout', integer(0), 1)
    .option('--title <text>', 'title (default: the name of the folder)')
    .option('--json', 'print the address as one JSON document')
    .addHelpText(
      'after',
      `
The first start computes the coordinates of the map and saves them in the folder explore/ of the dataset. Later starts
read them; answers that were added are placed on the same map. The index for the search in texts is built in the
background, and kept there too. You can remove the folder at any time.

Nothing can be changed through the server. Ctrl-C ends it.

Examples:
  $ univar explore values/
  $ univar explore values/ --models models.csv --port 9000
`,
    )
    .action(async (dataset: string, options: ExploreCliOptions) => {
      const { runExplore } = await import('./explore/run.js');
      await runExplore(dataset, options, context);
    });
}
