import { type Command, Option } from 'commander';

import { INFONCE_MODES } from '../native/infonce-modes.js';
import { TRAINING_PRECISIONS } from '../native/precisions.js';
import { BATCH_SAMPLERS } from '../training/batch-samplers.js';
import { PRESET_NAMES } from '../training/presets.js';
import { TRAINED_ARCHITECTURES } from '../training/run-settings.js';
import type { CliContext } from './context.js';
import { integer, positive } from './parse-options.js';
import { addRecordOptions } from './record-options.js';
import type { TrainCommandOptions } from './train/options.js';

export function addTrainCommand(program: Command, context: CliContext): void {
  const command = program
    .command('train')
    .description(
      'train an encoder on answers: it learns to match those of one model and language, and to separate others',
    )
    .argument('<data...>', 'files or folders, as for embed; each file is a source')
    .requiredOption('-o, --out <folder>', 'folder of the run; an interrupted run is resumed')
    .addOption(
      new Option('--architecture <name>', 'kind of encoder; the options of each are listed below')
        .choices(TRAINED_ARCHITECTURES)
        .default('transformer'),
    )
    .option('--steps <n>', 'number of updates (default: 4,000, or from --epochs with a transformer)', integer(1))
    .option('--validate-every <n>', 'steps between validations on held-out questions; 0: never', integer(0))
    .option('--patience <n>', 'stop after this many validations without a new best; 0: never', integer(0))
    .option('--checkpoint-every <n>', 'steps between checkpoints; a killed run loses at most this many', integer(1))
    .option('--min-per-id <n>', 'leave out pairs of model and language with fewer answers', integer(1))
    .option('--seed <n>', 'seed of the split and of the pairs', integer(0));
  addRecordOptions(command)
    .option('--skip-bad', 'skip bad rows')
    .option('--plot', 'plot loss, learning rate and validation into the folder, like univar plot')
    .option('--json', 'print the summary as one JSON document')
    .optionsGroup('Options of --architecture transformer:')
    .option(
      '-e, --encoder <folder>',
      'BERT or NomicBERT encoder in the Hugging Face layout, with model.safetensors; required',
    )
    .addOption(
      new Option('--preset <name>', 'recipe: defaults of the options that list none here; univar if not given').choices(
        PRESET_NAMES,
      ),
    )
    .option('--lambda <n>', 'largest number of answers in a view (default: 5)', integer(1))
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
    .addOption(new Option('--sampler <name>', 'how batches are formed').choices(BATCH_SAMPLERS))
    .addOption(
      new Option('--precision <type>', 'precision of matrix products, f32 if not given; weights stay in f32').choices(
        TRAINING_PRECISIONS,
      ),
    )
    .option('--freeze-layers <n>', 'number of lowest layers to freeze', integer(0))
    .optionsGroup('Options of --architecture ngram:')
    .option('--pairs <n>', 'pairs of answers per update (default: 256)', integer(2))
    .option('--dim <n>', 'width of the vectors (default: 176)', integer(1))
    .option('--max-ngrams <n>', 'n-grams that get an embedding (default: 131,072)', integer(1))
    .addHelpText(
      'after',
      `
Examples:
  $ univar train answers/ --encoder models/all-MiniLM-L6-v2 --out run/ --lambda 1 --max-tokens 128
  $ univar train answers/ --encoder models/nomic --out run/ --preset upstream-code --lambda 5
  $ univar train answers/ --architecture ngram --out run/
  $ univar embed answers/ --encoder run/best --out values/
`,
    )
    .action(async (data: string[], options: TrainCommandOptions) => {
      const { runTrain } = await import('./train/run.js');
      await runTrain(data, options, context);
    });
}
