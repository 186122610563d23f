import { type Command, Option } from 'commander';

import { INFONCE_MODES } from '../native/infonce-modes.js';
import { TRAINING_PRECISIONS } from '../native/precisions.js';
import type { QaRecord } from '../records/record.js';
import type { CliContext } from './context.js';
import { columnMap, integer, positive } from './parse-options.js';
import type { TrainCommandOptions } from './train/options.js';

const FIELDS = ['qid', 'question', 'answer', 'model', 'lang', 'group'] as const satisfies readonly (keyof QaRecord)[];

export function addTrainCommand(program: Command, context: CliContext): void {
  program
    .command('train')
    .description(
      'train an encoder on answers: it learns to match views of one model and language, and to separate others',
    )
    .argument('<data...>', 'files or folders, as for embed; each file is a source')
    .requiredOption('-o, --out <folder>', 'folder of the run; an interrupted run is resumed')
    .requiredOption(
      '-e, --encoder <folder>',
      'BERT or NomicBERT encoder in the Hugging Face layout, with model.safetensors',
    )
    .addOption(
      new Option('--preset <name>', 'recipe: defaults of the options that list none here')
        .choices(['paper-text', 'upstream-code', 'univar'])
        .default('univar'),
    )
    .option('--lambda <n>', 'largest number of answers in a view', integer(1), 5)
    .option('--steps <n>', 'number of updates (default: from --epochs)', integer(1))
    .option('--epochs <n>', 'passes over the answers', integer(1))
    .option('--batch-size <n>', 'pairs per update', integer(2))
    .option('--max-tokens <n>', 'truncate longer views (default: 256 to 8192, depending on lambda)', integer(3))
    .option('--learning-rate <x>', 'peak learning rate', positive)
    .option('--logit-scale <x>', '1 / temperature', positive)
    .addOption(new Option('--mode <mode>', 'loss').choices(INFONCE_MODES))
    .addOption(
      new Option('--decay <schedule>', 'learning rate after the warm-up').choices([
        'constant',
        'linear',
        'cosine',
        'inverse-sqrt',
      ]),
    )
    .option('--warmup-steps <n>', 'steps of linear warm-up', integer(0))
    .addOption(
      new Option('--sampler <name>', 'how batches are formed').choices(['mixed', 'one-source', 'same-questions']),
    )
    .addOption(
      new Option('--precision <type>', 'precision of matrix products; weights stay in f32')
        .choices(TRAINING_PRECISIONS)
        .default('f32'),
    )
    .option('--freeze-layers <n>', 'number of lowest layers to freeze', integer(0))
    .option('--validate-every <n>', 'steps between validations on held-out questions; 0: never', integer(0))
    .option('--patience <n>', 'stop after this many validations without a new best; 0: never', integer(0))
    .option('--checkpoint-every <n>', 'steps between checkpoints; a killed run loses at most this many', integer(1))
    .option('--min-per-id <n>', 'leave out pairs of model and language with fewer answers', integer(1))
    .option('--seed <n>', 'seed of the split, the batches and the views', integer(0))
    .option(
      '--columns <field=column,...>',
      `columns for ${FIELDS.join(', ')} if they have other names`,
      columnMap(FIELDS),
    )
    .option('--model <name>', 'model of rows without one')
    .option('--lang <code>', 'language of rows without one, as ISO 639-3, for example eng')
    .option('--skip-bad', 'skip bad rows')
    .option('--plot', 'plot loss, learning rate and validation into the folder, like univar plot')
    .option('--json', 'print the summary as one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  $ univar train answers/ --encoder models/all-MiniLM-L6-v2 --out run/ --lambda 1 --max-tokens 128
  $ univar train answers/ --encoder models/nomic --out run/ --preset upstream-code --lambda 5
  $ univar embed answers/ --encoder run/best --out values/
`,
    )
    .action(async (data: string[], options: TrainCommandOptions) => {
      const { runTrain } = await import('./train/run.js');
      await runTrain(data, options, context);
    });
}
