import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { EngineError } from '../core/errors.js';
import { systemCode } from '../core/file-errors.js';
import { importOptional } from '../core/optional-package.js';
import type { LiveCollection } from '../datasets/live/live-collection.js';
import type { Encoder } from '../encoder/encoder.js';
import type { ApiKeys } from './api-keys.js';
import type { LogOptions } from './app.js';
import { EncodeBatcher } from './encode-batcher.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import type { App, Service } from './service.js';

export interface ServerOptions {
  /** The server owns encoder and collection from here on, also where it cannot start. */
  encoder: Encoder;
  /** Whose embeddings the encoder made. @default none: only embeddings are served */
  live?: LiveCollection | undefined;
  /** Address to listen on. @default '127.0.0.1': nobody from elsewhere gets in */
  host?: string | undefined;
  /** 0 for any that is free. @default 8080 */
  port?: number | undefined;
  /** @default none: everybody who can reach the server may use it */
  keys?: ApiKeys | undefined;
  limits?: Partial<Limits> | undefined;
  /** See EncodeBatcherOptions. */
  batching?:
    | { batchTokens?: number | undefined; maxWaitMs?: number | undefined; queueTokens?: number | undefined }
    | undefined;
  log: LogOptions;
}

export interface StopOptions {
  /** How long the server says that it is not ready, and still answers, before it refuses requests, in ms. @default 0 */
  delayMs?: number;
  /** After so long connections that are still busy are cut, in ms. @default 30,000 */
  timeoutMs?: number;
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8080;
const STOP_TIMEOUT_MS = 30_000;
const PACKAGES = ['fastify', '@fastify/rate-limit', '@fastify/swagger', 'typebox', 'prom-client'];

/** The HTTP service while it runs. */
export class Server {
  private constructor(
    private readonly app: App,
    private readonly service: Service,
    readonly url: string,
  ) {}

  /**
   * @throws EngineError `ERR_BUSY` if the port is taken, `ERR_IO` if the address cannot be had, `ERR_NATIVE_LOAD` without
   *   the packages of the server
   */
  static async start(options: ServerOptions): Promise<Server> {
    const { encoder, live, host = DEFAULT_HOST, port = DEFAULT_PORT, keys, batching, log } = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    try {
      const [{ createApp }, { createSchemas }, { ServerMetrics }] = await importApp();
      const metrics = new ServerMetrics();
      const batcher = new EncodeBatcher(encoder, { ...batching, onBatch: (batch) => metrics.observeBatch(batch) });
      metrics.watch(batcher, live);
      const service: Service = {
        encoder,
        batcher,
        live,
        limits,
        schemas: createSchemas(limits),
        metrics,
        state: 'serving',
      };
      const app = await createApp(service, keys, log);
      await listen(app, host, port);
      const { address, family, port: actual } = app.server.address() as AddressInfo;
      return new Server(app, service, `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`);
    } catch (error) {
      await live?.close();
      await encoder.dispose();
      throw error;
    }
  }

  /** Writes to the server's log. */
  get log(): App['log'] {
    return this.app.log;
  }

  /** Ends in good order: requests that were taken are answered, changes are on the disk, everything is freed. */
  async stop({ delayMs = 0, timeoutMs = STOP_TIMEOUT_MS }: StopOptions = {}): Promise<void> {
    const { app, service } = this;
    app.log.info('draining');
    service.state = 'draining';
    await sleep(delayMs);
    service.state = 'closing';
    const timer = setTimeout(() => {
      app.log.warn('connections are still busy; cutting them');
      app.server.closeAllConnections();
    }, timeoutMs);
    await app.close();
    clearTimeout(timer);
    await service.batcher.idle();
    await service.live?.close();
    await service.encoder.dispose();
  }
}

function importApp() {
  return importOptional(PACKAGES, 'The HTTP server', () =>
    Promise.all([import('./app.js'), import('./schemas.js'), import('./metrics.js')]),
  );
}

async function listen(app: App, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const code = systemCode(error);
    if (code === undefined) throw error;
    const message = `Cannot listen on ${host}:${port}: ${code === 'EADDRINUSE' ? 'the port is in use' : (error as Error).message}`;
    throw new EngineError(code === 'EADDRINUSE' ? 'ERR_BUSY' : 'ERR_IO', message, { cause: error });
  }
}
