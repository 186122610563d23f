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
    .description('train an encoder on answers: pairs of views of one model and language, told from those of the others')
    .argument('<data...>', 'files, or folders of them, as for embed; each file is a source')
    .requiredOption('-o, --out <folder>', 'folder of the run; an interrupted one is continued')
    .requiredOption(
      '-e, --encoder <folder>',
      'BERT or NomicBERT encoder in the Hugging Face layout, with model.safetensors',
    )
    .addOption(
      new Option('--preset <name>', 'recipe that the other options change')
        .choices(['paper-text', 'upstream-code', 'univar'])
        .default('univar'),
    )
    .option('--lambda <n>', 'most answers of a view', integer(1), 5)
    .option('--steps <n>', 'updates (default: as many as --epochs makes)', integer(1))
    .option('--epochs <n>', 'passes over the answers', integer(1))
    .option('--batch-size <n>', 'pairs of an update', integer(2))
    .option('--max-tokens <n>', 'cut longer views here (default: 256 to 8192 by lambda)', integer(3))
    .option('--learning-rate <x>', 'peak learning rate', positive)
    .option('--logit-scale <x>', '1 / temperature', positive)
    .addOption(new Option('--mode <mode>', 'loss').choices(INFONCE_MODES))
    .addOption(
      new Option('--decay <course>', 'learning rate after the warm-up').choices([
        'constant',
        'linear',
        'cosine',
        'inverse-sqrt',
      ]),
    )
    .option('--warmup-steps <n>', 'steps of linear warm-up', integer(0))
    .addOption(
      new Option('--sampler <name>', 'which pairs meet in a batch').choices(['mixed', 'one-source', 'same-questions']),
    )
    .addOption(
      new Option('--precision <type>', 'of products; weights stay in f32').choices(TRAINING_PRECISIONS).default('f32'),
    )
    .option('--freeze-layers <n>', 'lowest layers that stay as they are', integer(0))
    .option('--validate-every <n>', 'steps between validations on held-out questions; 0: none', integer(0))
    .option('--patience <n>', 'end after so many validations without a new best; 0: never', integer(0))
    .option('--checkpoint-every <n>', 'steps between checkpoints: what a killed run loses at most', integer(1))
    .option('--min-per-id <n>', 'leave out models and languages with fewer answers', integer(1))
    .option('--seed <n>', 'decides split, batches and views', integer(0))
    .option(
      '--columns <field=column,...>',
      `columns that hold ${FIELDS.join(', ')} where they have other names`,
      columnMap(FIELDS),
    )
    .option('--model <name>', 'model of the rows that name none')
    .option('--lang <code>', 'language of the rows that name none, ISO 639-3, for example eng')
    .option('--skip-bad', 'leave bad rows out')
    .option('--plot', 'draw loss, learning rate and validation into the folder, as univar plot does later')
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
