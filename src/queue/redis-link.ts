import { once } from 'node:events';

import type { Redis } from 'ioredis';

import { settledWithin } from '../core/time-limit.js';
import { importIoredis, type RedisConnection, withoutSecrets } from './redis.js';
import { describeReply } from './redis-failure.js';

const OPEN_MS = 1000;
const PING_MS = 1000;
/** Time without an answer after which the user is told. It then doubles from notice to notice, up to the longest. */
const FIRST_SILENCE_MS = 8000;
const LONGEST_SILENCE_MS = 600_000;
/** Time after which a command without an answer, and with it the connection, is given up. */
const ANSWER_MS = 5000;

export interface RedisLinkOptions {
  connection: RedisConnection;
  /** Receives messages for the user. */
  onNotice: (text: string) => void;
  /** @default 8000 */
  firstSilenceMs?: number;
}

/**
 * A connection beside those of the queue, for short commands. It asks the server every second whether it is there, and
 * tells the user if it is not: the connections of the queue only wait, because a server that restarts must not end
 * hours of work.
 */
export class RedisLink {
  readonly #timer: NodeJS.Timeout;
  readonly #place: string;
  #lastAnswer = performance.now();
  #nextNotice: number;
  #isAsking = false;
  #isToldSilent = false;
  #reason = '';

  private constructor(
    /** Commands fail immediately while there is no connection. */
    readonly redis: Redis,
    private readonly options: Required<RedisLinkOptions>,
  ) {
    this.#place = withoutSecrets(options.connection.url);
    this.#nextNotice = options.firstSilenceMs;
    redis.on('error', (error) => (this.#reason = describeReply(error)));
    this.#timer = setInterval(() => this.#ask(), PING_MS).unref();
  }

  /**
   * Resolves when the server has answered, or after a second.
   *
   * @throws EngineError `ERR_NATIVE_LOAD` if the package ioredis is missing
   */
  static async open(options: RedisLinkOptions): Promise<RedisLink> {
    const { Redis: Client } = await importIoredis();
    const { url, ...connection } = options.connection;
    const redis = new Client(url, {
      ...connection,
      commandTimeout: ANSWER_MS,
      socketTimeout: ANSWER_MS,
      enableOfflineQueue: false,
    });
    const link = new RedisLink(redis, { firstSilenceMs: FIRST_SILENCE_MS, ...options });
    await settledWithin(once(redis, 'ready'), OPEN_MS);
    return link;
  }

  close(): void {
    clearInterval(this.#timer);
    this.redis.disconnect();
  }

  #ask(): void {
    if (!this.#isAsking) {
      this.#isAsking = true;
      void this.redis
        .ping()
        .then(
          () => this.#answered(),
          (error: unknown) => {
            // Without a connection, the reason is that of the last attempt to connect.
            if (this.redis.status === 'ready') this.#reason = describeReply(error);
          },
        )
        .finally(() => (this.#isAsking = false));
    }
    const silent = performance.now() - this.#lastAnswer;
    if (silent < this.#nextNotice) return;
    this.#nextNotice = silent + Math.min(silent, LONGEST_SILENCE_MS);
    this.#isToldSilent = true;
    const reason = this.#reason === '' ? '' : ` (${this.#reason})`;
    this.options.onNotice(
      `Redis at ${this.#place} has not answered for ${seconds(silent)}${reason}; waiting until it does`,
    );
  }

  #answered(): void {
    const silent = performance.now() - this.#lastAnswer;
    if (this.#isToldSilent) this.options.onNotice(`Redis at ${this.#place} answers again, after ${seconds(silent)}`);
    this.#isToldSilent = false;
    this.#lastAnswer = performance.now();
    this.#nextNotice = this.options.firstSilenceMs;
    this.#reason = '';
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
