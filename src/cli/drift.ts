import type { Command } from 'commander';

import type { CliContext } from './context.js';
import type { DriftCommandOptions } from './drift/options.js';
import { addEncoderOptions } from './encoder-options.js';
import { integer } from './parse-options.js';

export function addDriftCommand(program: Command, context: CliContext): void {
  const command = program
    .command('drift')
    .description("measure how the values in a model's answers move from a reference towards a target during training")
    .requiredOption('--reference <file>', 'answers of the model before training')
    .requiredOption('--target <file>', 'answers of the model or person that training aims at')
    .requiredOption('--checkpoints <files...>', 'answers of each checkpoint to the same questions, in order')
    .option(
      '-e, --encoder <folder>',
      'encoder folder in the Hugging Face layout (default: the one that comes with univar)',
    );
  addEncoderOptions(command, { backend: 'native if it supports the encoder', precision: 'f32' })
    .option('--samples <n>', 'bootstrap samples; 0 computes no intervals', integer(0, 100_000), 1000)
    .option('--seed <n>', 'seed of the bootstrap and the map', integer(0), 0)
    .option('-o, --out <folder>', 'folder for drift.json, drift.svg and map.svg')
    .option('--json', 'print the figures as one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  $ univar drift --reference base.jsonl --target dpo.jsonl --checkpoints step-1000.jsonl step-2000.jsonl --out drift/
`,
    )
    .action(async (options: DriftCommandOptions) => {
      const { runDrift } = await import('./drift/run.js');
      await runDrift(options, context);
    });
}
