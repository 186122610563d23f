import { type Command, Option } from 'commander';

import type { CliContext } from './context.js';
import { integer } from './parse-options.js';
import type { WorkerOptions } from './worker/options.js';

export function addWorkerCommand(program: Command, context: CliContext): void {
  program
    .command('worker')
    .description(
      'do the work of "univar embed --queue" or, with --project, of "univar generate --queue", until Ctrl-C; any number of workers on any machines',
    )
    .requiredOption('--queue <url>', 'the Redis of the planner, for example redis://10.0.0.1:6379')
    .option(
      '-e, --encoder <folder>',
      'encoder folder on this machine; must be the one of the jobs (default: the one that comes with univar)',
    )
    .option(
      '-o, --out <folder>',
      'dataset folder as it is called on this machine (default: as on the machine of "univar embed")',
    )
    .option('--exchange <folder>', 'the same for the folder that "univar embed" has as --exchange')
    .addOption(
      new Option(
        '--project <file>',
        'make the calls of this project: the same file as for "univar generate"',
      ).conflicts(['encoder', 'out', 'exchange']),
    )
    .option(
      '--calls <n>',
      'calls at once, with --project (default: as many as its endpoints take together)',
      integer(1),
    )
    .option('--lease <seconds>', 'after this long a worker that fell silent loses its work to another', integer(1), 30)
    .option('--json', 'print the summary as one JSON document')
    .addHelpText(
      'after',
      `
The first Ctrl-C, or SIGTERM, lets it finish what it has in hand; it may also be killed at any time. Workers of
"univar embed" need to see the dataset folder; those of "univar generate" need the keys of the endpoints in their environment.

Examples:
  $ univar worker --queue redis://10.0.0.1:6379
  $ univar worker --queue redis://10.0.0.1:6379 --encoder /models/my-encoder --out /mnt/shared/values
  $ univar worker --queue redis://10.0.0.1:6379 --project my-corpus/project.yaml
`,
    )
    .action(async (options: WorkerOptions) => {
      const { runWorker } = await import('./worker/run.js');
      await runWorker(options, context);
    });
}
