/** Calls of one endpoint: so many at once, so many a minute, tried again where that makes sense. */
import PQueue from 'p-queue';

import { sleep, throwIfAborted } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import type { CallResult, Request } from './call.js';
import type { Endpoint } from './project-schema.js';
import { ProviderError } from './provider-error.js';
import type { Attempt } from './providers/open-endpoint.js';

/** First pause between attempts; each further one is twice as long, up to the longest. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
/** An endpoint that asks for a longer wait than this is as good as away. */
const LONGEST_WAIT_MS = 15 * 60_000;
/** Below so many calls a minute they begin at even distances, above in portions of a second. */
const SMOOTH_RATE = 600;

export interface EndpointQueueOptions {
  /** Failures for good in a row after which no further call is made. */
  failuresInARow: number;
  signal?: AbortSignal | undefined;
  /** First pause between attempts. @default 500 ms */
  firstPauseMs?: number | undefined;
}

export class EndpointQueue {
  readonly #queue: PQueue;
  readonly #options: EndpointQueueOptions;
  #failedInARow = 0;
  /** Why no further call is made. */
  #givenUp: EngineError | undefined;
  /** When the endpoint wants to be asked again. */
  #resumeAt = 0;

  /** Attempts that were made again. */
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

  /** Resolves when another call would not have to wait behind many. */
  async ready(): Promise<void> {
    await this.#queue.onSizeLessThan(2 * this.endpoint.concurrency);
  }

  /**
   * Makes a call.
   *
   * @param begin is called when the call's turn has come, and may refuse by throwing
   * @throws ProviderError of kind `call` or `transient` where the call failed for good; EngineError `ERR_REMOTE` where
   *   the endpoint is not usable, `ERR_ABORTED`
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
        // The whole endpoint waits, or the other calls would run into the same refusal.
        else this.#resumeAt = Math.max(this.#resumeAt, Date.now() + Math.min(error.retryAfterMs, LONGEST_WAIT_MS));
      }
    }
  }

  async #wait(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, this.#options.signal);
  }

  #giveUpOnEndpoint(error: ProviderError): void {
    if (error.kind === 'endpoint') {
      this.#givenUp ??= new EngineError('ERR_REMOTE', `The endpoint ${this.name} refuses: ${error.message}`, {
        cause: error,
      });
    } else if (++this.#failedInARow >= this.#options.failuresInARow) {
      const message = `The endpoint ${this.name} failed ${this.#failedInARow} calls in a row, the last one with: ${error.message}. Run the same command again to go on`;
      this.#givenUp ??= new EngineError('ERR_REMOTE', message, { cause: error });
    }
    if (this.#givenUp) throw this.#givenUp;
  }
}

/** Exponential with full jitter: anything from a half to the whole of the pause. */
function pause(attempt: number, first = FIRST_PAUSE_MS): number {
  return Math.min(LONGEST_PAUSE_MS, first * 2 ** attempt) * (0.5 + 0.5 * Math.random());
}

function rateLimit(perMinute: number | undefined): { interval?: number; intervalCap?: number } {
  if (perMinute === undefined) return {};
  return perMinute < SMOOTH_RATE
    ? { interval: 60_000 / perMinute, intervalCap: 1 }
    : { interval: 1000, intervalCap: Math.floor(perMinute / 60) };
}
