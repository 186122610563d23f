import type { Command } from 'commander';

import type { CliContext } from './context.js';
import { formatCount } from './format.js';
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
      'write a BERT encoder of any size with random weights, to find out what a machine can do before there is a trained one',
    )
    .requiredOption('-o, --out <folder>', 'folder to write: missing, empty or an earlier encoder, which is replaced')
    .requiredOption('--layers <n>', 'layers', integer(1))
    .requiredOption('--hidden <n>', 'width of the vectors', integer(1))
    .option('--heads <n>', 'attention heads (default: one for every 64 of the width)', integer(1))
    .option('--inner <n>', 'width of the inner projection (default: 4 x hidden)', integer(1))
    .option(
      '--like <folder>',
      'encoder folder that tokenizer and settings are taken from (default: the one that comes with univar)',
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
      `Wrote ${out}: ${options.layers} layers of ${options.hidden}, ${formatCount(parameters)} random parameters. Its vectors mean nothing.`,
    );
}
