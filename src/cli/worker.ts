import type { Command } from 'commander';

import type { CliContext } from './context.js';
import { integer } from './parse-options.js';

export interface WorkerOptions {
  queue: string;
  encoder?: string;
  out?: string;
  exchange?: string;
  lease: number;
  json?: boolean;
}

export function addWorkerCommand(program: Command, context: CliContext): void {
  program
    .command('worker')
    .description('compute shards for "univar embed --queue", until Ctrl-C; any number of workers on any machines that see the dataset folder, or the exchange')
    .requiredOption('--queue <url>', 'the Redis of "univar embed --queue", for example redis://10.0.0.1:6379')
    .option('-e, --encoder <folder>', 'encoder folder on this machine; must be the one of the jobs (default: the one that comes with univar)')
    .option('-o, --out <folder>', 'dataset folder as it is called on this machine (default: as on the machine of "univar embed")')
    .option('--exchange <folder>', 'the same for the folder that "univar embed" has as --exchange')
    .option('--lease <seconds>', 'after this long a worker that fell silent loses its shard to another', integer(1), 30)
    .option('--json', 'print the summary as one JSON document')
    .addHelpText(
      'after',
      `
The first Ctrl-C, or SIGTERM, lets it finish the shard in hand; it may also be killed at any time.

Examples:
  $ univar worker --queue redis://10.0.0.1:6379
  $ univar worker --queue redis://10.0.0.1:6379 --encoder /models/my-encoder --out /mnt/shared/values
`,
    )
    .action(async (options: WorkerOptions) => {
      const { runWorker } = await import('./worker/run.js');
      await runWorker(options, context);
    });
}
