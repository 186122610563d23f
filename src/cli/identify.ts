import { type Command, Option } from 'commander';

import type { CliContext } from './context.js';
import { addEncoderOptions } from './encoder-options.js';
import type { IdentifyCliOptions } from './identify/options.js';
import { integer } from './parse-options.js';

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

export function addIdentifyCommand(program: Command, context: CliContext): void {
  const command = program
    .command('identify')
    .description('tell whose values texts express: the nearest answers of a dataset vote for their value ids')
    .argument('<dataset>', 'folder written by univar embed')
    .option('-t, --text <text>', 'a text; may be given several times', collect)
    .option(
      '-f, --file <file>',
      'a file with one text per line; "-" is standard input, which is also read where neither is given',
    )
    .option(
      '-q, --question <question>',
      'the question that all texts answer; they are then compared as "Q: <question> A: <text>"',
    )
    .option(
      '-k, --k <n>',
      'how many of the nearest answers vote (default: 50, or all where there are fewer)',
      integer(1),
    )
    .option('--evidence <n>', 'how many of the nearest answers to show', integer(0), 3)
    .option('--filter-model <name>', 'let only answers of this model vote; may be given several times', collect)
    .option('--filter-lang <code>', 'let only answers in this language vote; may be given several times', collect)
    .option(
      '--filter-value-id <id>',
      'let only answers with this value id (model$lang) vote; may be given several times',
      collect,
    )
    .option('-e, --encoder <folder>', 'where the encoder of the dataset lies now (default: where it was)');
  addEncoderOptions(command, { backend: 'as the dataset was embedded', precision: 'as the dataset was embedded' })
    .addOption(new Option('--exact', 'search exactly although the dataset has an index').conflicts('index'))
    .option('--index <url>', 'search in PostgreSQL, where "univar index --to" with the same URL has loaded the dataset')
    .option('--table <name>', 'with --index: the table (default: "univar")')
    .option(
      '--ef-search <n>',
      'HNSW index: candidates that the search keeps (default: 128; in PostgreSQL up to 1000)',
      integer(1),
    )
    .option('--nprobe <n>', 'IVF index: lists that are searched (default: 16)', integer(1))
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  $ univar identify values/ --text "Q: Is it right to break a promise? A: Never, a promise is a promise."
  $ univar identify values/ --question "Is it right to break a promise?" --text "Never." --text "If need be."
  $ univar identify values/ --file texts.txt --k 20 --json
  $ univar identify values/ --text "Never." --filter-lang eng --filter-model gpt-4o --filter-model gemma-2
`,
    )
    .action(async (dataset: string, options: IdentifyCliOptions) => {
      const { runIdentify } = await import('./identify/run.js');
      await runIdentify(dataset, options, context);
    });
}
