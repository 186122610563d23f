import type { Command } from 'commander';

import type { CliContext } from './context.js';
import type { FitCliOptions } from './fit/options.js';
import { integer } from './parse-options.js';

export function addFitCommand(program: Command, context: CliContext): void {
  program
    .command('fit')
    .description('fit an encoder on the answers of a dataset, which then identifies value ids better; takes seconds')
    .argument('<dataset>', 'folder written by univar embed')
    .option('--steps <n>', 'training steps (default: 10 per value id, from 300 to 1,000)', integer(1))
    .option('--pairs <n>', 'pairs of answers in a step (default: 128)', integer(2))
    .option(
      '--dim <n>',
      'width of the vectors (default: that of univar-base; any other starts from random numbers)',
      integer(1),
    )
    .option(
      '--max-answers <n>',
      'answers to train on (default: 50,000, or 50 per value id if that is more)',
      integer(2),
    )
    .option('--max-ngrams <n>', 'n-grams that get an embedding (default: 131,072)', integer(1))
    .option('--seed <n>', 'seed of the fit', integer(0), 1)
    .option(
      '--factory <string>',
      'FAISS factory string of the index over the fitted vectors (default: chosen, see univar index)',
    )
    .option('--no-index', 'build no index; identify then compares with every answer')
    .option('--no-classifier', 'train no classifier; identify then gives votes, but no probabilities')
    .option('--json', 'print the result as one JSON document')
    .addHelpText(
      'after',
      `
The fit, its vectors, their index and a classifier are written into the dataset folder. Identify, serve and
eval knn use them from then on. The classifier gives probabilities, which are calibrated on questions and
value ids that it has not seen. Training it takes several times as long as the fit.

Maps and drift still use the encoder that embedded the dataset: the fit has seen the answers, so it would show
them further apart than new answers are.

Examples:
  $ univar fit values/
  $ univar fit values/ --dim 256 --steps 600
`,
    )
    .action(async (dataset: string, options: FitCliOptions) => {
      const { runFit } = await import('./fit/run.js');
      await runFit(dataset, options, context);
    });
}
