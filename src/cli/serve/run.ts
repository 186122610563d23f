import { once } from 'node:events';

import { EngineError } from '../../core/errors.js';
import { LiveCollection } from '../../datasets/live/live-collection.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import type { Encoder } from '../../encoder/encoder.js';
import { loadEncoder } from '../../encoder/load-encoder.js';
import { ServedDataset } from '../../pipeline/served-dataset.js';
import { AllowedHosts } from '../../server/allowed-hosts.js';
import { ApiKeys } from '../../server/api-keys.js';
import { expectFreePort } from '../../server/port.js';
import { Server } from '../../server/start-server.js';
import type { CliContext } from '../context.js';
import { describeEncoder } from '../encoder-options.js';
import { plural } from '../format.js';
import type { ServeCliOptions } from './options.js';

const MIB = 2 ** 20;
const LOCAL = new Set(['127.0.0.1', '::1', 'localhost']);

/** `univar serve`: loads the encoder and the dataset, listens, and shuts down in good order at the first signal. */
export async function runServe(options: ServeCliOptions, context: CliContext): Promise<void> {
  const hosts = new AllowedHosts(options.host, options.allowedHost);
  const least = options.maxBody + options.maxResponse;
  if (options.maxInFlight < least)
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at least ${least}, the sum of --max-body and --max-response, for --max-in-flight, ` +
        `got ${options.maxInFlight}`,
    );
  const keys = options.apiKeyFile === undefined ? undefined : await ApiKeys.read(options.apiKeyFile);
  const note = (text: string): void => context.log(`note: ${text}`);
  await expectFreePort(options.host, options.port);
  const source = await openSource(options, note);
  const live = source instanceof LiveCollection ? source : undefined;
  const server = await Server.start({
    source,
    host: options.host,
    hosts,
    port: options.port,
    keys,
    limits: {
      texts: options.maxTexts,
      textLength: options.maxTextLength,
      bodyBytes: options.maxBody * MIB,
      responseBytes: options.maxResponse * MIB,
      writeMs: options.writeTimeout * 1000,
      bytesInFlight: options.maxInFlight * MIB,
      k: options.maxK,
      requests: options.maxRequests,
      perMinute: options.rateLimit,
    },
    batching: { batchTokens: options.batchTokens, maxWaitMs: options.batchWait, queueTokens: options.queueTokens },
    log: { level: options.logLevel, stream: process.stderr, texts: options.logTexts ?? false },
  });
  if (!keys && !LOCAL.has(options.host))
    note('other machines can reach this server without an API key; use --api-key-file to require one');
  const torn = live?.current.journal.tornBytes ?? 0;
  if (torn > 0)
    note(
      `${live!.current.journal.path} ended with ${torn} bytes of a change that was never acknowledged; ignored them`,
    );
  const reload = (): void => void reloadIndex(live, server);
  process.on('SIGHUP', reload);
  report(server, source, options, context);
  if (!context.signal.aborted) await once(context.signal, 'abort');
  process.off('SIGHUP', reload);
  await server.stop({ delayMs: options.drainDelay * 1000, timeoutMs: options.drainTimeout * 1000 });
}

/** Opens the dataset, or loads the encoder if only embeddings are served. */
async function openSource(
  { index, encoder, backend, precision, readOnly = false }: ServeCliOptions,
  note: (text: string) => void,
): Promise<LiveCollection | Encoder> {
  if (index === undefined) return loadEncoder(encoder ?? DEFAULT_ENCODER, { backend, precision });
  const dataset = new ServedDataset(index, { encoder, backend, precision, readOnly, note });
  return LiveCollection.open({ open: () => dataset.open(), close: () => dataset.close(), readOnly });
}

/** Reloads the index. If that fails, the server keeps the old index and logs the reason. */
async function reloadIndex(live: LiveCollection | undefined, server: Server): Promise<void> {
  try {
    const collection = await live?.reload();
    server.log.info({ rows: collection?.size }, 'index reloaded');
  } catch (error) {
    server.log.error({ err: error }, 'could not reload the index; still serving the old one');
  }
}

function report(
  { url }: Server,
  source: LiveCollection | Encoder,
  { json }: ServeCliOptions,
  context: CliContext,
): void {
  const collection = source instanceof LiveCollection ? source.current : undefined;
  const encoder = source instanceof LiveCollection ? source.current.encoder : source;
  if (json) {
    context.printJson({
      url,
      pid: process.pid,
      encoder: encoder.name,
      ...(collection && {
        dataset: collection.dataset.dir,
        rows: collection.size,
        fitted: collection.fit !== undefined,
        factory: collection.index.factory,
      }),
    });
    return;
  }
  const rows = collection ? `, ${plural(collection.size, 'answer')} (${collection.index.factory})` : '';
  context.print(`Listening on ${url} with ${describeEncoder(encoder)}${rows}`);
}
