import { type Command, Option } from 'commander';

import type { CliContext } from './context.js';
import { addEncoderOptions } from './encoder-options.js';
import { collect, integer } from './parse-options.js';
import type { ServeCliOptions } from './serve/options.js';

const LARGEST = 2 ** 31 - 1;

export function addServeCommand(program: Command, context: CliContext): void {
  const command = program
    .command('serve')
    .description("serve embeddings in OpenAI's format, identification, search and additions over HTTP; docs/serving.md")
    .option('-i, --index <dataset>', 'folder written by univar embed; without it, only embeddings are served')
    .option(
      '-e, --encoder <folder>',
      'encoder that embedded the dataset, or one to serve alone (default: that of the dataset, or the one that comes ' +
        'with univar)',
    );
  addEncoderOptions(command, {
    backend: 'that of the dataset, or auto',
    precision: 'that of the dataset, or f32',
  })
    .option('--host <address>', 'address to listen on; 0.0.0.0 accepts other machines', '127.0.0.1')
    .option(
      '--allowed-host <name>',
      'another name by which clients reach this server, such as that of a proxy; can be repeated',
      collect,
    )
    .option('--port <n>', 'port to listen on; 0 picks a free one', integer(0, 65_535), 8080)
    .option(
      '--api-key-file <file>',
      'file of accepted API keys: one per line, optionally followed by its role (read, write or admin)',
    )
    .option('--read-only', 'refuse additions and removals; any number of processes can then serve one dataset')
    .option(
      '--rate-limit <n>',
      'requests per minute for each key, or for each address if there are no keys; 0 for no limit',
      integer(0, LARGEST),
      0,
    )
    .option('--max-requests <n>', 'concurrent requests', integer(1, LARGEST), 512)
    .option('--max-texts <n>', 'texts, vectors, records or rows per request', integer(1, 1_000_000), 2048)
    .option('--max-text-length <n>', 'UTF-16 units per text', integer(1, LARGEST), 32_768)
    .option('--max-body <MiB>', 'size of a request body', integer(1, 512), 8)
    .option('--max-response <MiB>', 'size of a response', integer(1, 512), 16)
    .option('--max-in-flight <MiB>', 'request bodies and responses in memory at a time', integer(1, 65_536), 64)
    .option('--max-k <n>', 'neighbours per query', integer(1, LARGEST), 1000)
    .option('--batch-tokens <n>', 'tokens of concurrent requests to encode together', integer(1, LARGEST), 2048)
    .option(
      '--batch-wait <ms>',
      'longest time that a text waits for others while the encoder is idle',
      integer(0, 10_000),
      2,
    )
    .option(
      '--queue-tokens <n>',
      'tokens that can wait for the encoder before requests are refused',
      integer(1, LARGEST),
      65_536,
    )
    .option('--write-timeout <s>', 'time after which a client that reads nothing is cut off', integer(1, 3600), 30)
    .option('--drain-delay <s>', 'after SIGTERM, time to report "not ready" and still answer', integer(0, 3600), 0)
    .option('--drain-timeout <s>', 'after SIGTERM, time for running requests to finish', integer(1, 3600), 30)
    .addOption(
      new Option('--log-level <level>', 'level of the JSON log on standard error')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .option('--log-texts', 'also log request bodies; without it, no text is logged')
    .option('--json', 'print the address as one JSON document')
    .addHelpText(
      'after',
      `
If the dataset has a fit ("univar fit"), texts are encoded by the fitted encoder. The encoder that embedded the dataset
is then needed only for additions.

SIGHUP reloads the dataset, its fit and the index while the server keeps answering. After SIGTERM or Ctrl-C, the server
finishes the requests that it has accepted and exits.

Examples:
  $ univar serve --index values/
  $ univar serve --encoder models/my-encoder --port 9000
  $ univar serve --index values/ --host 0.0.0.0 --api-key-file keys.txt --rate-limit 600
  $ curl localhost:8080/v1/identify -H 'content-type: application/json' -d '{"texts": ["A promise is a promise."]}'
`,
    )
    .action(async (options: ServeCliOptions) => {
      const { runServe } = await import('./serve/run.js');
      await runServe(options, context);
    });
}
