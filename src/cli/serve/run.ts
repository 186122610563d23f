import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { withFileErrors } from '../../core/file-errors.js';
import { openDataset } from '../../datasets/dataset.js';
import { LiveCollection } from '../../datasets/live/live-collection.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import type { Encoder } from '../../encoder/encoder.js';
import { loadEncoder } from '../../encoder/load-encoder.js';
import { loadDatasetEncoder } from '../../pipeline/dataset-encoder.js';
import { openServedDataset } from '../../pipeline/open-served-dataset.js';
import { ApiKeys } from '../../server/api-keys.js';
import { Server } from '../../server/start-server.js';
import type { CliContext } from '../context.js';
import { describeEncoder } from '../encoder-options.js';
import { formatCount } from '../format.js';
import type { ServeCliOptions } from './options.js';

const LOCAL = new Set(['127.0.0.1', '::1', 'localhost']);

/** `univar serve`: loads the encoder and the dataset, listens, and shuts down in good order at the first signal. */
export async function runServe(options: ServeCliOptions, context: CliContext): Promise<void> {
  const keys = options.apiKeyFile === undefined ? undefined : await ApiKeys.read(options.apiKeyFile);
  const note = (text: string): void => context.log(`note: ${text}`);
  const encoder = await loadServedEncoder(options);
  const live = await openLive(options, encoder, note);
  const server = await Server.start({
    encoder,
    live,
    host: options.host,
    port: options.port,
    keys,
    limits: {
      texts: options.maxTexts,
      textLength: options.maxTextLength,
      bodyBytes: options.maxBody * 2 ** 20,
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
  report(server, encoder, live, options, context);
  if (!context.signal.aborted) await once(context.signal, 'abort');
  process.off('SIGHUP', reload);
  await server.stop({ delayMs: options.drainDelay * 1000, timeoutMs: options.drainTimeout * 1000 });
}

async function loadServedEncoder({ index, encoder, backend, precision }: ServeCliOptions): Promise<Encoder> {
  if (index === undefined) return loadEncoder(encoder ?? DEFAULT_ENCODER, { backend, precision });
  const dir = await withFileErrors(`open the dataset ${index}`, () => realpath(index));
  return loadDatasetEncoder(await openDataset(dir), encoder, {
    ...(backend && { backend }),
    ...(precision && { precision }),
  });
}

async function openLive(
  { index, readOnly }: ServeCliOptions,
  encoder: Encoder,
  note: (text: string) => void,
): Promise<LiveCollection | undefined> {
  if (index === undefined) return undefined;
  try {
    return await LiveCollection.open({ open: () => openServedDataset(index, encoder, note), readOnly });
  } catch (error) {
    await encoder.dispose();
    throw error;
  }
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
  server: Server,
  encoder: Encoder,
  live: LiveCollection | undefined,
  { json }: ServeCliOptions,
  context: CliContext,
): void {
  const { url } = server;
  if (json) {
    context.printJson({
      url,
      pid: process.pid,
      encoder: encoder.name,
      ...(live && { dataset: live.current.dataset.dir, rows: live.current.size, factory: live.current.index.factory }),
    });
    return;
  }
  const rows = live ? `, ${formatCount(live.current.size)} answers (${live.current.index.factory})` : '';
  context.print(`Listening on ${url} with ${describeEncoder(encoder)}${rows}`);
}
