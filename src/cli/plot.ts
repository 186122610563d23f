import type { Command } from 'commander';

import type { CliContext } from './context.js';

export function addPlotCommand(program: Command, context: CliContext): void {
  program
    .command('plot')
    .description('plot loss, learning rate and validation of a training run into its folder, also while it runs')
    .argument('<run>', 'folder written by univar train')
    .option('--json', 'print the paths as one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  $ univar plot run/
`,
    )
    .action(async (run: string, { json }: { json?: boolean }) => {
      const { plotTraining } = await import('../training/plots.js');
      const plots = await plotTraining(run);
      if (json) context.printJson({ run, plots });
      else context.print(plots.join('\n'));
    });
}
