import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { OPTIONAL_FEATURES } from '../core/optional-features.js';
import { importOptional } from '../core/optional-package.js';
import { LiveCollection } from '../datasets/live/live-collection.js';
import type { Encoder } from '../encoder/encoder.js';
import type { Exploration } from '../explore/exploration.js';
import { AllowedHosts } from './allowed-hosts.js';
import type { ApiKeys } from './api-keys.js';
import { ByteBudget } from './byte-budget.js';
import { Connections } from './connections.js';
import { freeMemory } from './free-memory.js';
import type { LogOptions } from './hooks.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import { MemoryTrimmer } from './memory-trimmer.js';
import { listenError } from './port.js';
import { ServedEncoders } from './served-encoders.js';
import type { App, Service } from './service.js';

export interface ServerOptions {
  /**
   * A collection; or an encoder, to serve only embeddings. The server takes ownership of it, even if it cannot start.
   */
  source: Encoder | LiveCollection;
  /** The map of the collection, for the page for exploration. The server takes ownership of it too. */
  exploration?: Exploration | undefined;
  /** Address to listen on. @default '127.0.0.1': not reachable from other machines */
  host?: string | undefined;
  /** Names and addresses by which clients can address the server. @default those of loopback and of `host` */
  hosts?: AllowedHosts | undefined;
  /** Port to listen on; 0 picks a free one. @default 8080 */
  port?: number | undefined;
  /** Accepted API keys. @default none: everybody who can reach the server can use it */
  keys?: ApiKeys | undefined;
  limits?: Partial<Limits> | undefined;
  /** See EncodeBatcherOptions. */
  batching?:
    | { batchTokens?: number | undefined; maxWaitMs?: number | undefined; queueTokens?: number | undefined }
    | undefined;
  log: LogOptions;
}

export interface StopOptions {
  /** Time in ms to report "not ready" and still answer, before new requests are refused. @default 0 */
  delayMs?: number;
  /** Time in ms after which connections that are still busy are closed. @default 30,000 */
  timeoutMs?: number;
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8080;
const STOP_TIMEOUT_MS = 30_000;
/** Time for the rest of a request to arrive after the server has begun to stop. */
const ARRIVAL_GRACE_MS = 1000;

/** A running HTTP service. */
export class Server {
  private constructor(
    private readonly app: App,
    private readonly service: Service,
    private readonly source: Encoder | LiveCollection,
    private readonly connections: Connections,
    private readonly trimmer: MemoryTrimmer,
    readonly url: string,
  ) {}

  /**
   * @throws EngineError `ERR_BUSY` if the port is in use; `ERR_IO` if the address is not available; `ERR_NATIVE_LOAD`
   *   if packages of the server are missing
   */
  static async start(options: ServerOptions): Promise<Server> {
    const { source, host = DEFAULT_HOST, port = DEFAULT_PORT, keys, batching, log } = options;
    const hosts = options.hosts ?? new AllowedHosts(host);
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    try {
      const [{ createApp }, { createSchemas }, { ServerMetrics }] = await importApp();
      const metrics = new ServerMetrics();
      const encoders = new ServedEncoders(source, { ...batching, onBatch: (batch) => metrics.observeBatch(batch) });
      const live = source instanceof LiveCollection ? source : undefined;
      const budget = new ByteBudget(limits.bytesInFlight);
      metrics.watch(encoders, live, budget);
      const service: Service = {
        encoders,
        live,
        exploration: options.exploration,
        limits,
        schemas: createSchemas(limits),
        metrics,
        budget,
        state: 'serving',
      };
      const app = await createApp(service, { hosts, keys }, log);
      const connections = new Connections(app.server);
      await listen(app, host, port);
      const { address, family, port: actual } = app.server.address() as AddressInfo;
      const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`;
      const trimmer = new MemoryTrimmer({
        isBusy: () => metrics.inFlight > 0,
        residentBytes: () => process.memoryUsage.rss(),
        free: freeMemory,
      });
      return new Server(app, service, source, connections, trimmer, url);
    } catch (error) {
      await options.exploration?.close();
      await release(source);
      throw error;
    }
  }

  /** The log of the server. */
  get log(): App['log'] {
    return this.app.log;
  }

  /** Shuts down in good order: answers accepted requests, saves changes, and releases all resources. */
  async stop({ delayMs = 0, timeoutMs = STOP_TIMEOUT_MS }: StopOptions = {}): Promise<void> {
    const { app, service } = this;
    this.trimmer.stop();
    app.log.info('draining');
    service.state = 'draining';
    await sleep(delayMs);
    service.state = 'closing';
    const grace = setTimeout(() => this.connections.closeIncomplete(), Math.min(ARRIVAL_GRACE_MS, timeoutMs));
    const timer = setTimeout(() => {
      app.log.warn('connections are still busy; closing them');
      app.server.closeAllConnections();
    }, timeoutMs);
    await app.close();
    clearTimeout(grace);
    clearTimeout(timer);
    await service.encoders.idle();
    await service.exploration?.close();
    await release(this.source);
  }
}

function release(source: Encoder | LiveCollection): Promise<void> {
  return source instanceof LiveCollection ? source.close() : source.dispose();
}

function importApp() {
  return importOptional(OPTIONAL_FEATURES.server, () =>
    Promise.all([import('./app.js'), import('./schemas.js'), import('./metrics.js')]),
  );
}

async function listen(app: App, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw listenError(error, host, port);
  }
}
