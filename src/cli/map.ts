import { type Command, Option } from 'commander';

import type { CliContext } from './context.js';
import type { MapCliOptions } from './map/options.js';
import { integer, share } from './parse-options.js';

/** Laid out in minutes on two cores; docs/maps.md has the figures. */
const DEFAULT_SAMPLE = 50_000;

export function addMapCommand(program: Command, context: CliContext): void {
  program
    .command('map')
    .description('draw a dataset in two dimensions: an interactive page in one file, or a picture')
    .argument('<dataset>', 'folder written by univar embed')
    .requiredOption('-o, --out <file>', 'file to write, in the format that its name ends in: .html, .svg or .png')
    .addOption(
      new Option(
        '--method <method>',
        'umap keeps neighbours together; pca shows the directions of largest variance, in seconds',
      )
        .choices(['umap', 'pca'])
        .default('umap'),
    )
    .option(
      '--color <column>',
      'what decides the colours: value-id, model, lang, or a column of --models such as developer',
      'model',
    )
    .option(
      '--models <file>',
      'CSV with a column "model" and others that describe it, for example family and developer',
    )
    .option(
      '--neighbours <n>',
      'UMAP: nearest answers that an answer is kept together with, itself included',
      integer(3, 200),
      15,
    )
    .option(
      '--min-distance <d>',
      'UMAP: how close answers may come, 0 to 1: small values make tight clusters',
      share,
      0.5,
    )
    .option(
      '--sample <n>',
      'UMAP: lay out so many answers, the same share of each value id, and place the others by their neighbours',
      integer(3),
      DEFAULT_SAMPLE,
    )
    .option('--seed <n>', 'UMAP: decides sample and layout', integer(0), 1)
    .option('--text-length <n>', 'page: characters of each question and answer to keep', integer(1, 100_000), 300)
    .option('--title <text>', 'heading (default: the name of the folder)')
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
