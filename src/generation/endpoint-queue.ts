/**
 * Queue of the calls of one endpoint: limits how many run at a time and how many start per minute, and retries them.
 */
import PQueue from 'p-queue';

import { sleep, throwIfAborted } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import type { CallResult, Request } from './call.js';
import type { Endpoint } from './project-types.js';
import { ProviderError } from './provider-error.js';
import type { Attempt } from './providers/open-endpoint.js';

/** First pause between attempts. Each later one is twice as long, up to the longest. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
/** Maximum wait that an endpoint can request. */
const LONGEST_WAIT_MS = 15 * 60_000;
/** Below this rate, calls start at even intervals; from this rate on, in batches of one second. */
const SMOOTH_RATE = 600;

export interface EndpointQueueOptions {
  /** Number of permanent failures in a row after which no more calls are made. */
  failuresInARow: number;
  signal?: AbortSignal | undefined;
  /** First pause between attempts. @default 500 ms */
  firstPauseMs?: number | undefined;
}

export class EndpointQueue {
  readonly #queue: PQueue;
  readonly #options: EndpointQueueOptions;
  #failedInARow = 0;
  /** Reason why no more calls are made. */
  #givenUp: EngineError | undefined;
  /** Time from which the endpoint accepts calls again. */
  #resumeAt = 0;

  /** Number of repeated attempts. */
  retries = 0;

  constructor(
    readonly name: string,
    private readonly endpoint: Endpoint,
    private readonly attempt: Attempt,
    options: EndpointQueueOptions,
  ) {
    this.#options = options;
    this.#queue = new PQueue({ concurrency: endpoint.concurrency, ...rateLimit(endpoint.requestsPerMinute) });
  }

  /** Resolves when the queue is short enough for another call. */
  async ready(): Promise<void> {
    await this.#queue.onSizeLessThan(2 * this.endpoint.concurrency);
  }

  /**
   * Makes a call.
   *
   * @param begin is called before the first attempt; if it throws, the call is not made
   * @throws ProviderError of kind `call` or `transient` if the call failed permanently; EngineError `ERR_REMOTE` if the
   *   endpoint is not usable, `ERR_ABORTED`
   */
  run(request: Request, begin: () => void): Promise<CallResult> {
    return this.#queue.add(async () => {
      throwIfAborted(this.#options.signal);
      if (this.#givenUp) throw this.#givenUp;
      begin();
      try {
        const result = await this.#tryRepeatedly(request);
        this.#failedInARow = 0;
        return result;
      } catch (error) {
        throwIfAborted(this.#options.signal);
        if (error instanceof ProviderError) this.#giveUpOnEndpoint(error);
        throw error;
      }
    });
  }

  async #tryRepeatedly(request: Request): Promise<CallResult> {
    for (let attempt = 0; ; attempt++) {
      await this.#wait(this.#resumeAt - Date.now());
      throwIfAborted(this.#options.signal);
      try {
        return await this.attempt(request, this.#options.signal);
      } catch (error) {
        throwIfAborted(this.#options.signal);
        if (!(error instanceof ProviderError) || error.kind !== 'transient' || attempt >= this.endpoint.retries)
          throw error;
        this.retries++;
        if (error.retryAfterMs === undefined) await this.#wait(pause(attempt, this.#options.firstPauseMs));
        // All calls of the endpoint wait; otherwise the others would be refused too.
        else this.#resumeAt = Math.max(this.#resumeAt, Date.now() + Math.min(error.retryAfterMs, LONGEST_WAIT_MS));
      }
    }
  }

  async #wait(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, this.#options.signal);
  }

  #giveUpOnEndpoint(error: ProviderError): void {
    if (error.kind === 'endpoint') {
      this.#givenUp ??= new EngineError('ERR_REMOTE', `The endpoint ${this.name} refuses all calls: ${error.message}`, {
        cause: error,
      });
    } else if (++this.#failedInARow >= this.#options.failuresInARow) {
      const message =
        `The endpoint ${this.name} failed ${this.#failedInARow} calls in a row, the last one with: ${error.message}. ` +
        'Run the same command again to resume';
      this.#givenUp ??= new EngineError('ERR_REMOTE', message, { cause: error });
    }
    if (this.#givenUp) throw this.#givenUp;
  }
}

/** Exponential backoff with jitter: between 50 % and 100 % of the pause. */
function pause(attempt: number, first = FIRST_PAUSE_MS): number {
  return Math.min(LONGEST_PAUSE_MS, first * 2 ** attempt) * (0.5 + 0.5 * Math.random());
}

function rateLimit(perMinute: number | undefined): { interval?: number; intervalCap?: number } {
  if (perMinute === undefined) return {};
  return perMinute < SMOOTH_RATE
    ? { interval: 60_000 / perMinute, intervalCap: 1 }
    : { interval: 1000, intervalCap: Math.floor(perMinute / 60) };
}
