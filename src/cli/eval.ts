import { type Command, Option } from 'commander';

import type { CliContext } from './context.js';
import type { EvalClassifierOptions, EvalControlOptions, EvalKnnOptions, EvalProbeOptions } from './eval/options.js';
import { integer, integerList } from './parse-options.js';

const EXAMPLES = `
Examples:
  $ univar eval knn values/ --k 50 --split question
  $ univar eval knn values/ --split row --sweep 1,5,10,20,50,100 --report report/
  $ univar eval classifier values/ --report report/
  $ univar eval control values/ other-questions/
  $ univar eval probe values/ --target model --json
`;

export function addEvalCommand(program: Command, context: CliContext): void {
  const group = program
    .command('eval')
    .description('measure how well a dataset identifies whose values an answer expresses')
    .addHelpText('after', EXAMPLES);

  addCommonOptions(
    group
      .command('knn')
      .description(
        'identify held-out answers by their nearest neighbours; if the dataset has a fit, an encoder is fitted anew ' +
          'on the other answers, so that it has not seen those that it is tested on',
      ),
  )
    .option(
      '-k, --k <n>',
      'number of nearest answers that vote (default: 50, or a third if there are fewer than 150)',
      integer(1),
    )
    .option('--no-fit', 'use the vectors of the encoder that embedded the dataset, even if the dataset has a fit')
    .option('--sweep <k,...>', 'also report the results for these values of k', integerList)
    .addHelpText('after', EXAMPLES)
    .action(async (dataset: string, options: EvalKnnOptions) => {
      const { runEvalKnn } = await import('./eval/knn.js');
      await runEvalKnn(dataset, options, context);
    });

  addCommonOptions(
    group
      .command('classifier')
      .description(
        'train a classifier on some of the answers, as univar fit does, and compare it with nearest neighbours on ' +
          'the rest; also measure its probabilities, several answers together, and authors that it does not know',
      ),
  )
    .option(
      '-k, --k <n>',
      'number of nearest answers that vote in the other methods (default: 50, or a third if there are fewer than 150)',
      integer(1),
    )
    .option('--no-unknown', 'do not measure authors that the classifier does not know, which takes the most time')
    .addHelpText('after', EXAMPLES)
    .action(async (dataset: string, options: EvalClassifierOptions) => {
      const { runEvalClassifier } = await import('./eval/classifier.js');
      await runEvalClassifier(dataset, options, context);
    });

  addCommonOptions(
    group.command('probe').description('train a linear layer on some of the answers and test it on the rest'),
  )
    .option('--epochs <n>', 'passes over the training rows', integer(1), 20)
    .addHelpText('after', EXAMPLES)
    .action(async (dataset: string, options: EvalProbeOptions) => {
      const { runEvalProbe } = await import('./eval/probe.js');
      await runEvalProbe(dataset, options, context);
    });

  group
    .command('control')
    .description(
      'compare the accuracy on questions about values with that of the same models on other questions: accuracy ' +
        'that both sides reach, or that carries over from one to the other, is due to style',
    )
    .argument('<values>', 'dataset with answers to questions about values')
    .argument('<control>', 'dataset with answers of the same models to other questions, from the same encoder')
    .addOption(
      new Option('--target <label>', 'label to predict').choices(['value-id', 'model', 'lang']).default('value-id'),
    )
    .option('-k, --k <n>', 'number of nearest answers that vote', integer(1), 10)
    .option('--min-per-id <n>', 'leave out labels with fewer answers', integer(1), 1)
    .option('--seed <n>', 'seed of the splits', integer(0), 1)
    .option('--json', 'print the figures as one JSON document')
    .addHelpText('after', EXAMPLES)
    .action(async (values: string, control: string, options: EvalControlOptions) => {
      const { runEvalControl } = await import('./eval/control.js');
      await runEvalControl({ values, control }, options, context);
    });
}

function addCommonOptions(command: Command): Command {
  return command
    .argument('<dataset>', 'folder written by univar embed')
    .addOption(
      new Option(
        '--split <kind>',
        'question: no question is on both sides; row: hold out a share of the answers of each value id',
      )
        .choices(['question', 'row'])
        .default('question'),
    )
    .addOption(
      new Option('--target <label>', 'label to predict').choices(['value-id', 'model', 'lang']).default('value-id'),
    )
    .option('--min-per-id <n>', 'leave out labels with fewer answers', integer(1), 1)
    .option('--seed <n>', 'seed of the split', integer(0), 1)
    .option('--report <folder>', 'write a report with tables and plots')
    .option('--json', 'print the figures as one JSON document');
}
