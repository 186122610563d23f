import { type Command, Option } from 'commander';

import type { CliContext } from './context.js';
import type { MapCliOptions } from './map/options.js';
import { integer, share } from './parse-options.js';

/** UMAP takes minutes for this many answers on two cores; docs/maps.md has the figures. */
const DEFAULT_SAMPLE = 50_000;

export function addMapCommand(program: Command, context: CliContext): void {
  program
    .command('map')
    .description('draw a dataset in two dimensions: an interactive page in one file, or a picture')
    .argument('<dataset>', 'folder written by univar embed')
    .requiredOption('-o, --out <file>', 'file to write; its ending decides the format: .html, .svg or .png')
    .addOption(
      new Option(
        '--method <method>',
        'umap keeps neighbours together; pca shows the directions of largest variance and takes seconds',
      )
        .choices(['umap', 'pca'])
        .default('umap'),
    )
    .option(
      '--color <column>',
      'column to colour by: value-id, model, lang, or a column of --models such as developer',
      'model',
    )
    .option('--models <file>', 'CSV file with a column "model" and others that describe it, such as family, developer')
    .option(
      '--neighbours <n>',
      'UMAP: number of nearest answers to keep together, including the answer itself',
      integer(3, 200),
      15,
    )
    .option(
      '--min-distance <d>',
      'UMAP: smallest distance between answers, 0 to 1; small values make tight clusters',
      share,
      0.5,
    )
    .option(
      '--sample <n>',
      'UMAP: lay out this many answers, the same share of each value id, and place the others by their neighbours',
      integer(3),
      DEFAULT_SAMPLE,
    )
    .option('--seed <n>', 'UMAP: seed of the sample and the layout', integer(0), 1)
    .option('--text-length <n>', 'page: characters of each question and answer to keep', integer(1, 100_000), 300)
    .option('--title <text>', 'title (default: the name of the folder)')
    .option('--json', 'print the summary as one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  $ univar map values/ --out map.html
  $ univar map values/ --method pca --color lang --out map.svg
  $ univar map values/ --models models.csv --color developer --out map.png
`,
    )
    .action(async (dataset: string, options: MapCliOptions) => {
      const { runMap } = await import('./map/run.js');
      await runMap(dataset, options, context);
    });
}
