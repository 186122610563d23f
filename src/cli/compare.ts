import { type Command, Option } from 'commander';

import { type CompareCliOptions, KINDS, LIMIT } from './compare/options.js';
import type { CliContext } from './context.js';
import { collect, integer } from './parse-options.js';

const KIND_NAMES = Object.keys(KINDS);

export function addCompareCommand(program: Command, context: CliContext): void {
  program
    .command('compare')
    .description(
      'compare the answers of two models, languages or files to the same questions: whether they differ, in which ' +
        'questions, and which phrases mark each; with more than two, compare all pairs',
    )
    .argument(
      '[sides...]',
      'value ids (model$lang), models or languages of --in; otherwise files of answers or datasets',
    )
    .option('-i, --in <dataset>', 'folder written by univar embed, or a file of answers, with all sides')
    .addOption(
      new Option('--by <kind>', 'kind of the sides (default: the first kind that has all the names)').choices(
        KIND_NAMES,
      ),
    )
    .addOption(
      new Option('--all <kind>', 'compare all pairs of value ids, models or languages of --in')
        .choices(KIND_NAMES)
        .conflicts('by'),
    )
    .option('--filter-lang <code>', 'compare only answers in this language; can be repeated', collect)
    .option('-e, --encoder <folder>', 'encoder for answers in files (default: univar-base)')
    .option('--questions <n>', 'number of questions to print', integer(0), 10)
    .option('--phrases <n>', 'number of phrases to print for each side', integer(0), 12)
    .option('--draws <n>', 'random swaps of each permutation test', integer(1, 1_000_000), 2000)
    .option('--samples <n>', 'bootstrap samples; 0 computes no intervals', integer(0, 100_000), 1000)
    .option('--max-answers <n>', 'if there are more answers, use only questions drawn at random', integer(4), 100_000)
    .option('--seed <n>', 'seed of all random numbers', integer(0), 1)
    .option('--report <file>', 'write a page that works offline (.html) or, for all pairs, only the heat map (.svg)')
    .option('--json', 'print the figures as one JSON document')
    .addHelpText(
      'after',
      `
${LIMIT}.

Examples:
  $ univar compare gpt-4o claude-3-opus --in values/            two models, in all languages that both have
  $ univar compare 'gpt-4o$eng' 'gpt-4o$zho' --in values/       two languages of one model
  $ univar compare before.jsonl after.jsonl --report report.html
  $ univar compare --all model --in values/ --filter-lang eng   all pairs, as a matrix
`,
    )
    .action(async (sides: string[], options: CompareCliOptions) => {
      const { runCompare } = await import('./compare/run.js');
      await runCompare(sides, options, context);
    });
}
