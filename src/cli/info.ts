import type { Command } from 'commander';

import type { CliContext } from './context.js';

export function addInfoCommand(program: Command, context: CliContext): void {
  program
    .command('info')
    .description('describe a dataset: its answers, its encoder, its fit, its classifier and its index')
    .argument('<dataset>', 'folder written by univar embed')
    .option('--json', 'print the description as one JSON document')
    .action(async (dataset: string, options: { json?: boolean }) => {
      const { runInfo } = await import('./info/run.js');
      await runInfo(dataset, options, context);
    });
}
