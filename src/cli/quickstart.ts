import type { Command } from 'commander';

import type { CliContext } from './context.js';
import type { QuickstartOptions } from './quickstart/options.js';

export function addQuickstartCommand(program: Command, context: CliContext): void {
  program
    .command('quickstart')
    .description('go the whole way on a sample that comes with univar: embed, index, identify, evaluate')
    .option('-o, --out <folder>', 'where to write', 'out/quickstart')
    .option('--fresh', 'embed again although the sample is embedded already')
    .addHelpText(
      'after',
      `
A second run uses the embeddings of the first and repeats the seconds that were measured then.

Example:
  $ univar quickstart
`,
    )
    .action(async (options: QuickstartOptions) => {
      const { runQuickstart } = await import('./quickstart/run.js');
      await runQuickstart(options, context);
    });
}
