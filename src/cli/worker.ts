import { type Command, Option } from 'commander';

import type { CliContext } from './context.js';
import { integer } from './parse-options.js';
import type { WorkerOptions } from './worker/options.js';

export function addWorkerCommand(program: Command, context: CliContext): void {
  program
    .command('worker')
    .description(
      'do the work of "univar embed --queue" or, with --project, of "univar generate --queue", until Ctrl-C; ' +
        'any number of workers can run, on any machines',
    )
    .requiredOption('--queue <url>', 'Redis URL of the queue, for example redis://10.0.0.1:6379')
    .option(
      '-e, --encoder <folder>',
      'encoder folder on this machine; runs that use it are served (default: the encoder that comes with univar)',
    )
    .option(
      '-o, --out <folder>',
      'path of the dataset folder on this machine (default: as on the machine of "univar embed")',
    )
    .option('--exchange <folder>', 'path on this machine of the --exchange folder of "univar embed"')
    .addOption(
      new Option(
        '--project <file>',
        'make the calls of this project: the same file as for "univar generate"',
      ).conflicts(['encoder', 'out', 'exchange']),
    )
    .option(
      '--calls <n>',
      'with --project: concurrent calls (default: as many as its endpoints accept together)',
      integer(1),
    )
    .option('--lease <seconds>', 'time after which the work of a silent worker goes to another', integer(1), 30)
    .option('--json', 'print the summary as one JSON document')
    .addHelpText(
      'after',
      `
After Ctrl-C or SIGTERM, a worker has two seconds to finish its current work, gives back what is left, and exits with
130 or 143. You can also kill it at any time.
Workers of "univar embed" need access to the dataset folder. Those of "univar generate" need the API keys of the
endpoints in their environment.

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
