import { type Command, Option } from 'commander';

import type { CliContext } from './context.js';
import { addEncoderOptions } from './encoder-options.js';
import { integer } from './parse-options.js';
import type { ServeCliOptions } from './serve/options.js';

const LARGEST = 2 ** 31 - 1;

export function addServeCommand(program: Command, context: CliContext): void {
  const command = program
    .command('serve')
    .description(
      'answer over HTTP: embeddings in the format of OpenAI, identification, search, additions; docs/serving.md',
    )
    .option('-i, --index <dataset>', 'folder written by univar embed; without it only embeddings are served')
    .option('-e, --encoder <folder>', 'encoder (default: that of the dataset, or the one that comes with univar)');
  addEncoderOptions(command, {
    backend: 'as the dataset was embedded, or auto',
    precision: 'as the dataset was embedded, or f32',
  })
    .option('--host <address>', 'address to listen on; 0.0.0.0 lets other machines in', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 for any that is free', integer(0, 65_535), 8080)
    .option('--api-key-file <file>', 'keys that clients must have, one per line, at least 16 characters each')
    .option('--read-only', 'refuse additions and removals; any number of processes can then serve one dataset')
    .option(
      '--rate-limit <n>',
      'requests per minute of a key, or of an address where there are no keys; 0 for any number',
      integer(0, LARGEST),
      0,
    )
    .option('--max-requests <n>', 'requests that are worked on at the same time', integer(1, LARGEST), 512)
    .option('--max-texts <n>', 'texts, vectors, records or rows of one request', integer(1, 1_000_000), 2048)
    .option('--max-text-length <n>', 'characters of a text', integer(1, LARGEST), 32_768)
    .option('--max-body <MiB>', 'size of a body', integer(1, 512), 16)
    .option('--max-k <n>', 'neighbours of a query', integer(1, LARGEST), 1000)
    .option('--batch-tokens <n>', 'tokens of concurrent requests that are encoded together', integer(1, LARGEST), 2048)
    .option('--batch-wait <ms>', 'how long a text waits for others while the encoder is idle', integer(0, 10_000), 2)
    .option(
      '--queue-tokens <n>',
      'tokens that may wait for the encoder before requests are refused',
      integer(1, LARGEST),
      65_536,
    )
    .option('--drain-delay <s>', 'at SIGTERM, how long to say "not ready" and still answer', integer(0, 3600), 0)
    .option('--drain-timeout <s>', 'at SIGTERM, how long requests may take to end', integer(1, 3600), 30)
    .addOption(
      new Option('--log-level <level>', 'of the JSON lines on standard error')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .option('--log-texts', 'log bodies too; without it no text gets into the log')
    .option('--json', 'print the address as one JSON document')
    .addHelpText(
      'after',
      `
SIGHUP loads dataset and index again while requests are answered. SIGTERM and Ctrl-C answer what was taken, then end.

Examples:
  $ univar serve --index values/
  $ univar serve --encoder models/univar-mini --port 9000
  $ univar serve --index values/ --host 0.0.0.0 --api-key-file keys.txt --rate-limit 600
  $ curl localhost:8080/v1/identify -H 'content-type: application/json' -d '{"texts": ["Never, a promise is a promise."]}'
`,
    )
    .action(async (options: ServeCliOptions) => {
      const { runServe } = await import('./serve/run.js');
      await runServe(options, context);
    });
}
