import type { Command } from 'commander';

import type { CliContext } from './context.js';
import { addEncoderOptions, type EncoderCliOptions } from './encoder-options.js';

export function addDoctorCommand(program: Command, context: CliContext): void {
  const command = program
    .command('doctor')
    .description('say what works on this machine, what is missing, and which command mends it')
    .option('-e, --encoder <folder>', 'encoder folder to try (default: the one that comes with univar)');
  addEncoderOptions(command, { backend: 'native where it can', precision: 'f32' })
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExits with 1 when something essential is missing.\n\nExamples:\n  $ univar doctor\n  $ univar doctor --encoder models/my-encoder --precision bf16\n',
    )
    .action(async ({ json, ...options }: EncoderCliOptions & { encoder?: string; json?: boolean }) => {
      const { runDoctor } = await import('./doctor/run.js');
      await runDoctor({ ...options, json: json === true }, context);
    });
}
