import { type Command, Option } from 'commander';

import type { CliContext } from './context.js';
import { addEncoderOptions } from './encoder-options.js';
import type { IdentifyCliOptions } from './identify/options.js';
import { collect, integer } from './parse-options.js';
import { addColumnsOption } from './record-options.js';

export function addIdentifyCommand(program: Command, context: CliContext): void {
  const command = program
    .command('identify')
    .description(
      'identify whose values texts express: the nearest answers in a dataset vote for their value ids, and a ' +
        'classifier gives probabilities if the dataset has one',
    )
    .argument('<dataset>', 'folder written by univar embed')
    .option('-t, --text <text>', 'text to identify; can be repeated', collect)
    .option(
      '-f, --file <file>',
      'file with one text per line, or JSONL, CSV or Parquet rows with an answer and perhaps a question; "-" is ' +
        'standard input, the default if there is no --text',
    )
    .addOption(
      new Option(
        '--format <format>',
        'format of the file (default: from its name; text if that does not tell)',
      ).choices(['jsonl', 'csv', 'parquet', 'text']),
    );
  addColumnsOption(command)
    .option('--skip-bad', 'skip bad rows and say how many they are')
    .option(
      '-q, --question <question>',
      'question for all texts that have none of their own. A fitted encoder ignores it; others embed ' +
        '"Q: <question> A: <text>"',
    )
    .option(
      '-k, --k <n>',
      'number of nearest answers that vote (default: 50, or a third if there are fewer than 150)',
      integer(1),
    )
    .option('--evidence <n>', 'number of nearest answers to show (default: 3; in tables 0)', integer(0))
    .option(
      '--text-length <n>',
      'number of characters to show of each: around the phrase that says most about its value id with --why, ' +
        'otherwise from the start (default: one line)',
      integer(1, 100_000),
    )
    .option('--filter-model <name>', 'consider only answers of this model; can be repeated', collect)
    .option('--filter-lang <code>', 'consider only answers in this language; can be repeated', collect)
    .option('--filter-value-id <id>', 'consider only answers with this value id (model$lang); can be repeated', collect)
    .option('--no-fit', 'use the encoder that embedded the dataset, even if an encoder was fitted on it')
    .option('-e, --encoder <folder>', 'use the encoder that embedded the dataset, from this folder');
  addEncoderOptions(command, { backend: 'that of the dataset', precision: 'that of the dataset' })
    .addOption(new Option('--exact', 'search exactly even if the dataset has an index').conflicts('index'))
    .option('--index <url>', 'search in PostgreSQL, after "univar index --to" with the same URL loaded the dataset')
    .option('--table <name>', 'with --index: name of the table (default: "univar")')
    .option(
      '--ef-search <n>',
      'HNSW index: candidates that the search keeps (default: what univar index measured, otherwise 128; in ' +
        'PostgreSQL up to 1000)',
      integer(1),
    )
    .option(
      '--nprobe <n>',
      'IVF index: lists to search (default: what univar index measured, otherwise 16)',
      integer(1),
    )
    .option(
      '--rerank <n>',
      'index that re-ranks: candidates to compare again (default: what univar index measured, at least twice k)',
      integer(1),
    )
    .addOption(
      new Option('--together', 'classify all texts together, as those of one unknown author, without votes').conflicts([
        'k',
        'evidence',
        'fit',
        'exact',
        'index',
        'efSearch',
        'nprobe',
        'rerank',
      ]),
    )
    .addOption(
      new Option('--why', 'show the phrases that speak most for and against the most probable value id').conflicts(
        'fit',
      ),
    )
    .addOption(
      new Option('--csv', 'print one line per text as CSV, with the complete text').conflicts([
        'json',
        'together',
        'why',
        'evidence',
      ]),
    )
    .option('--json', 'print the result as one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  $ univar identify values/ --text "Q: Is it right to break a promise? A: Never, a promise is a promise."
  $ univar identify values/ --question "Is it right to break a promise?" --text "Never." --text "If need be."
  $ univar identify values/ --file texts.txt --k 20 --json
  $ univar identify values/ --file answers.jsonl                     one line per row
  $ univar identify values/ --file survey.csv --columns answer=response --csv > identified.csv
  $ univar identify values/ --text "Never." --filter-lang eng --filter-model gpt-4o --filter-model gemma-2
  $ univar identify values/ --file texts-of-one-author.txt --together --why

Rows of a file are shown in a table; with --why or --evidence in full, like texts. If they have a model and a language,
the table shows these, too.

Probabilities are calibrated: if a value id has a probability of 70 %, it is right in about 70 % of such cases. "none of
these" is the probability that the author is not among the value ids.
`,
    )
    .action(async (dataset: string, options: IdentifyCliOptions) => {
      const { runIdentify } = await import('./identify/run.js');
      await runIdentify(dataset, options, context);
    });
}
