import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

import type { LiveCollection } from '../datasets/live/live-collection.js';
import type { ByteBudget } from './byte-budget.js';
import type { EncodedBatch } from './encode-batcher.js';
import type { ServedEncoders } from './served-encoders.js';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Prometheus metrics of one server. */
export class ServerMetrics {
  readonly registry = new Registry();
  readonly #requests: Histogram<'method' | 'route' | 'status'>;
  readonly #batches: Histogram;
  readonly #batchTexts: Histogram;
  readonly #tokens: Counter;
  readonly #changes: Counter<'kind'>;
  #inFlight = 0;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#requests = new Histogram({
      name: 'univar_http_request_seconds',
      help: 'Duration of requests',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers,
    });
    this.#batches = new Histogram({
      name: 'univar_encode_batch_seconds',
      help: 'Time to encode a batch',
      buckets: SECONDS,
      registers,
    });
    this.#batchTexts = new Histogram({
      name: 'univar_encode_batch_texts',
      help: 'Texts in a batch',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      registers,
    });
    this.#tokens = new Counter({ name: 'univar_encode_tokens_total', help: 'Tokens encoded', registers });
    this.#changes = new Counter({
      name: 'univar_index_changes_total',
      help: 'Rows added and removed',
      labelNames: ['kind'],
      registers,
    });
    const inFlight = (): number => this.#inFlight;
    new Gauge({
      name: 'univar_http_requests_in_flight',
      help: 'Requests in progress',
      registers,
      collect() {
        this.set(inFlight());
      },
    });
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Counts 1 at the start of a request and -1 at its end. */
  countInFlight(change: 1 | -1): void {
    this.#inFlight += change;
  }

  /** Adds gauges that read their values from the encoders, the collection and the budget. */
  watch(encoders: ServedEncoders, live: LiveCollection | undefined, budget: ByteBudget): void {
    const registers = [this.registry];
    new Gauge({
      name: 'univar_http_bytes_in_flight',
      help: 'Bytes of bodies and responses in memory, without the first 64 KiB of each request',
      registers,
      collect() {
        this.set(budget.used);
      },
    });
    new Gauge({
      name: 'univar_encode_waiting_tokens',
      help: 'Estimated tokens of waiting texts',
      registers,
      collect() {
        this.set(encoders.waitingTokens);
      },
    });
    if (live)
      new Gauge({
        name: 'univar_index_rows',
        help: 'Rows that can be found',
        registers,
        collect() {
          this.set(live.current.size);
        },
      });
  }

  observeRequest(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status: String(status) }, seconds);
  }

  observeBatch({ texts, tokens, seconds }: EncodedBatch): void {
    this.#batches.observe(seconds);
    this.#batchTexts.observe(texts);
    this.#tokens.inc(tokens);
  }

  countChange(kind: 'added' | 'removed', rows: number): void {
    this.#changes.inc({ kind }, rows);
  }
}
