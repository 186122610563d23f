import { abortError, onAbort } from '../core/abort.js';
import { allocateFloat32 } from '../core/allocate.js';
import { type EmbeddableText, wholeText } from '../core/question-answer.js';
import type { Encoder } from '../encoder/encoder.js';
import { OverloadedError } from './overloaded-error.js';

export interface EncodeBatcherOptions {
  /**
   * Largest number of tokens in a batch, estimated from the length of texts; a single text can be longer. @default
   * 2048
   */
  batchTokens?: number | undefined;
  /**
   * Longest time that a text waits for others while the encoder is idle, in milliseconds. It waits no longer than its
   * encoding will probably take. @default 2
   */
  maxWaitMs?: number | undefined;
  /** Largest number of waiting tokens. A request that exceeds it is refused unless nothing waits. @default 65,536 */
  queueTokens?: number | undefined;
  /** Called for every encoded batch. */
  onBatch?: ((batch: EncodedBatch) => void) | undefined;
}

export interface EncodedBatch {
  texts: number;
  requests: number;
  /** Tokens as counted by the encoder. */
  tokens: number;
  seconds: number;
}

export interface EncodedTexts {
  /** [texts, dim], row-major */
  embeddings: Float32Array;
  /** Encoded tokens, including special tokens. */
  tokens: number;
}

interface Job {
  texts: readonly EmbeddableText[];
  /** Estimated tokens of each text. */
  estimates: number[];
  queuedAt: number;
  /** Index of the first text that the encoder has not received. */
  next: number;
  left: number;
  result: EncodedTexts;
  ended: boolean;
  resolve: (result: EncodedTexts) => void;
  reject: (error: unknown) => void;
}

interface Slice {
  job: Job;
  begin: number;
  end: number;
}

/** Tokens are rarely shorter: an English token has about four letters, a Chinese one is one character. */
const BYTES_PER_TOKEN = 3;
const SPECIAL_TOKENS = 2;
/** Timers do not wait for shorter times. */
const TIMER_MS = 1;
/** Weight of the newest batch in the speed estimate. */
const NEWEST = 0.2;

/**
 * Encodes the texts of concurrent requests together, in the order of arrival. While the encoder computes one batch, the
 * next one collects texts. A request that is larger than a batch is split.
 */
export class EncodeBatcher {
  readonly #encoder: Encoder;
  readonly #batchTokens: number;
  readonly #maxWaitMs: number;
  readonly #queueTokens: number;
  readonly #onBatch: EncodeBatcherOptions['onBatch'];
  readonly #queue: Job[] = [];
  #waitingTokens = 0;
  #tokensPerMs = 0;
  #running: Promise<void> | undefined;

  constructor(
    encoder: Encoder,
    { batchTokens = 2048, maxWaitMs = 2, queueTokens = 65_536, onBatch }: EncodeBatcherOptions = {},
  ) {
    this.#encoder = encoder;
    this.#batchTokens = batchTokens;
    this.#maxWaitMs = maxWaitMs;
    this.#queueTokens = queueTokens;
    this.#onBatch = onBatch;
  }

  /** Estimated tokens of the texts that are not in a batch yet. */
  get waitingTokens(): number {
    return this.#waitingTokens;
  }

  /**
   * @throws OverloadedError if too many tokens are waiting
   * @throws EngineError `ERR_ABORTED` as soon as the signal fires; the encoder's error for these texts
   */
  encode(texts: readonly EmbeddableText[], signal?: AbortSignal): Promise<EncodedTexts> {
    const estimates = texts.map((text) => this.#estimate(text));
    const tokens = sum(estimates);
    if (this.#waitingTokens > 0 && this.#waitingTokens + tokens > this.#queueTokens) {
      const seconds = this.#tokensPerMs > 0 ? this.#waitingTokens / this.#tokensPerMs / 1000 : 1;
      return Promise.reject(new OverloadedError('Too many texts are waiting to be encoded', seconds));
    }
    if (signal?.aborted) return Promise.reject(abortError(signal, 'The client has disconnected'));
    const result = { embeddings: allocateFloat32(texts.length * this.#encoder.dim, 'the embeddings'), tokens: 0 };
    if (texts.length === 0) return Promise.resolve(result);
    let forget = (): void => undefined;
    const encoded = new Promise<EncodedTexts>((resolve, reject) => {
      const job: Job = {
        texts,
        estimates,
        queuedAt: performance.now(),
        next: 0,
        left: texts.length,
        result,
        ended: false,
        resolve,
        reject,
      };
      forget = onAbort(signal, () => this.#fail(job, abortError(signal, 'The client has disconnected')));
      this.#queue.push(job);
      this.#waitingTokens += tokens;
    });
    void encoded.then(forget, forget);
    this.#running ??= this.#run();
    return encoded;
  }

  /** Settles when no text is waiting or being encoded. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#gather();
      const batch = this.#take();
      if (batch.length > 0) await this.#encode(batch);
    }
    this.#running = undefined; // synchronously, so that the next text starts a new run
  }

  /** Waits for more texts unless a batch is full or the oldest text has waited long enough. */
  async #gather(): Promise<void> {
    const encodingMs = this.#tokensPerMs > 0 ? this.#waitingTokens / this.#tokensPerMs : Infinity;
    const waitMs = Math.min(this.#maxWaitMs, encodingMs);
    const rest = waitMs - (performance.now() - this.#queue[0]!.queuedAt);
    if (waitMs < TIMER_MS || rest <= 0 || this.#waitingTokens >= this.#batchTokens) return;
    await new Promise((resolve) => setTimeout(resolve, rest));
  }

  #take(): Slice[] {
    const batch: Slice[] = [];
    let room = this.#batchTokens;
    while (this.#queue.length > 0 && room > 0) {
      const job = this.#queue[0]!;
      const begin = job.next;
      while (
        job.next < job.texts.length &&
        (job.estimates[job.next]! <= room || (batch.length === 0 && job.next === begin))
      ) {
        room -= job.estimates[job.next]!;
        this.#waitingTokens -= job.estimates[job.next]!;
        job.next++;
      }
      if (job.next > begin) batch.push({ job, begin, end: job.next });
      if (job.next < job.texts.length) break; // later requests do not overtake
      this.#queue.shift();
    }
    return batch;
  }

  async #encode(batch: readonly Slice[]): Promise<void> {
    const texts = batch.flatMap(({ job, begin, end }) => job.texts.slice(begin, end));
    const begin = performance.now();
    let encoded;
    try {
      encoded = await this.#encoder.encode(texts);
    } catch (error) {
      // The failure of one request must not fail the others in its batch.
      if (batch.length === 1) this.#fail(batch[0]!.job, error);
      else for (const slice of batch) if (!slice.job.ended) await this.#encode([slice]);
      return;
    }
    const ms = performance.now() - begin;
    const rate = sum(batch.map((slice) => sum(slice.job.estimates.slice(slice.begin, slice.end)))) / Math.max(ms, 0.01);
    this.#tokensPerMs = this.#tokensPerMs === 0 ? rate : (1 - NEWEST) * this.#tokensPerMs + NEWEST * rate;
    this.#onBatch?.({ texts: texts.length, requests: batch.length, tokens: encoded.tokens, seconds: ms / 1000 });
    const { dim } = this.#encoder;
    let row = 0;
    for (const { job, begin: first, end } of batch) {
      const rows = end - first;
      job.result.embeddings.set(encoded.embeddings.subarray(row * dim, (row + rows) * dim), first * dim);
      job.result.tokens += sum(encoded.textTokens.subarray(row, row + rows));
      job.left -= rows;
      row += rows;
      if (job.left > 0 || job.ended) continue;
      job.ended = true;
      job.resolve(job.result);
    }
  }

  /** Removes the rest of a request from the queue. A running computation continues; its result is dropped. */
  #fail(job: Job, error: unknown): void {
    if (job.ended) return;
    job.ended = true;
    const at = this.#queue.indexOf(job);
    if (at >= 0) {
      this.#queue.splice(at, 1);
      this.#waitingTokens -= sum(job.estimates.slice(job.next));
    }
    job.reject(error);
  }

  #estimate(text: EmbeddableText): number {
    return Math.min(
      this.#encoder.maxTokens,
      SPECIAL_TOKENS + Math.ceil(Buffer.byteLength(wholeText(text)) / BYTES_PER_TOKEN),
    );
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
