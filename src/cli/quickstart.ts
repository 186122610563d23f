import type { Command } from 'commander';

import type { CliContext } from './context.js';
import type { QuickstartOptions } from './quickstart/options.js';

export function addQuickstartCommand(program: Command, context: CliContext): void {
  program
    .command('quickstart')
    .description('run all steps on a sample that comes with univar: embed, index, identify, evaluate')
    .option('-o, --out <folder>', 'folder for the results', 'out/quickstart')
    .option('--fresh', 'embed the sample again, even if an earlier run embedded it')
    .addHelpText(
      'after',
      `
A second run reuses the embeddings of the first, and reports the time that the first run took.

Example:
  $ univar quickstart
`,
    )
    .action(async (options: QuickstartOptions) => {
      const { runQuickstart } = await import('./quickstart/run.js');
      await runQuickstart(options, context);
    });
}
