import type { Command } from 'commander';

import type { CliContext } from './context.js';
import { formatCount, plural } from './format.js';
import { integer } from './parse-options.js';

interface RandomEncoderCliOptions {
  out: string;
  layers: number;
  hidden: number;
  heads?: number;
  inner?: number;
  like?: string;
  seed: number;
  json?: boolean;
}

export function addRandomEncoderCommand(program: Command, context: CliContext): void {
  program
    .command('random-encoder')
    .description(
      'write a BERT encoder of any size with random weights, to measure speed and memory before you have a trained one',
    )
    .requiredOption('-o, --out <folder>', 'folder to write: a new or empty one, or an earlier encoder to replace')
    .requiredOption('--layers <n>', 'number of layers', integer(1))
    .requiredOption('--hidden <n>', 'width of the vectors', integer(1))
    .option('--heads <n>', 'number of attention heads (default: one per 64 of the width)', integer(1))
    .option('--inner <n>', 'width of the feed-forward layer (default: 4 x hidden)', integer(1))
    .option(
      '--like <folder>',
      'encoder folder to take the tokenizer and the settings from (default: the English WordPiece of BERT)',
    )
    .option('--seed <n>', 'seed of the weights', integer(0), 0)
    .option('--json', 'print the result as one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  $ univar random-encoder --layers 12 --hidden 768 --out bert-base-random/
  $ univar embed answers/ --encoder bert-base-random/ --out throwaway/     how fast, in how much memory?
`,
    )
    .action((options: RandomEncoderCliOptions) => runRandomEncoder(options, context));
}

async function runRandomEncoder(
  { out, json, ...options }: RandomEncoderCliOptions,
  context: CliContext,
): Promise<void> {
  const { writeRandomEncoder } = await import('../encoder/random-encoder.js');
  const parameters = await writeRandomEncoder(out, options);
  if (json) context.printJson({ out, ...options, parameters });
  else
    context.print(
      `Wrote ${out}: ${plural(options.layers, 'layer')} of width ${options.hidden}, ` +
        `${formatCount(parameters)} random parameters. Its vectors have no meaning.`,
    );
}
