import type { Command } from 'commander';

import type { CliContext } from './context.js';
import { addEncoderOptions, type EncoderCliOptions } from './encoder-options.js';

export function addDoctorCommand(program: Command, context: CliContext): void {
  const command = program
    .command('doctor')
    .description('report what works on this machine, what is missing, and how to fix it')
    .option('-e, --encoder <folder>', 'encoder folder to try (default: the one that comes with univar)');
  addEncoderOptions(command, { backend: 'native if it supports the encoder', precision: 'f32' })
    .option('--json', 'print the report as one JSON document')
    .addHelpText(
      'after',
      `
The exit code is 1 if something essential is missing.

Examples:
  $ univar doctor
  $ univar doctor --encoder models/my-encoder --precision bf16
`,
    )
    .action(async ({ json, ...options }: EncoderCliOptions & { encoder?: string; json?: boolean }) => {
      const { runDoctor } = await import('./doctor/run.js');
      await runDoctor({ ...options, json: json === true }, context);
    });
}
