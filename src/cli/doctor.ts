import type { Command } from 'commander';

import type { CliContext } from './context.js';

export function addDoctorCommand(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description('say what works on this machine, what is missing, and which command mends it')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExits with 1 when something essential is missing.\n\nExample:\n  $ univar doctor\n')
    .action(async (options: { json?: boolean }) => {
      const { runDoctor } = await import('./doctor/run.js');
      await runDoctor({ json: options.json === true }, context);
    });
}
