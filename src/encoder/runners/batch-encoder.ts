import { throwIfAborted, untilAborted } from '../../core/abort.js';
import { allocateFloat32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import type { EmbeddableText } from '../../core/question-answer.js';
import { type CallOptions, expectCallOptions } from '../../native/call.js';
import type { PackedTokens } from '../../native/packed-tokens.js';
import { prepareText, type TextPreparation } from '../../text/text-preparation.js';
import { expectEmbeddableTexts } from '../../text/tokenizers/arguments.js';
import { encodeQa } from '../../text/tokenizers/encode-qa.js';
import type { Tokenizer } from '../../text/tokenizers/tokenizer.js';
import type { EncodeResult, Encoder, EncoderBackend, EncoderPrecision } from '../encoder.js';
import type { ModelFolder } from '../folder/model-folder.js';
import { gatherRows, planBatches } from './batching.js';

/** Texts that are tokenised and sorted together: enough for even batches, few enough to keep all ids in memory. */
const WINDOW_TEXTS = 2048;
/** Number of batches in the runner: while it computes one, the next one waits in its queue. */
const BATCHES_IN_FLIGHT = 2;

/** Computes the model: {@link NativeRunner}, {@link OnnxProcess}, or a test double. */
export interface BatchRunner {
  /** False once it has died. */
  readonly alive: boolean;
  /** @returns [sequences, dim] */
  encode(batch: PackedTokens): Promise<Float32Array>;
  stop(): Promise<void>;
}

export interface BatchEncoderParts {
  model: Pick<ModelFolder, 'name' | 'dim' | 'vocabSize' | 'tokenizerFile' | keyof TextPreparation>;
  backend: EncoderBackend;
  precision: EncoderPrecision;
  fingerprint: string;
  tokenizer: Tokenizer;
  /** Starts a runner and loads the model in it. */
  start: () => Promise<BatchRunner>;
  maxTokens: number;
  batchTokens: number;
}

interface Batch extends PackedTokens {
  /** Index of the text of each sequence. */
  texts: Int32Array;
}

/** Tokenises texts, sorts them by length, and lets a runner compute. Replaces a dead runner at the next call. */
export class BatchEncoder implements Encoder {
  readonly name: string;
  readonly dim: number;
  readonly maxTokens: number;
  readonly backend: EncoderBackend;
  readonly precision: EncoderPrecision;
  readonly fingerprint: string;
  readonly #parts: BatchEncoderParts;
  #runner: BatchRunner;
  /** Settles when all calls so far have finished. */
  #queue: Promise<unknown> = Promise.resolve();
  #disposed: Promise<void> | undefined;
  /** Number of batches in the runner, start of the current idle time, and earlier idle time in milliseconds. */
  #given = 0;
  #idleSince = performance.now();
  #idleBefore = 0;

  /** @param runner runner with the loaded model. From now on, the encoder owns the runner and the tokenizer */
  constructor(parts: BatchEncoderParts, runner: BatchRunner) {
    this.#parts = parts;
    this.#runner = runner;
    this.name = parts.model.name;
    this.dim = parts.model.dim;
    this.maxTokens = parts.maxTokens;
    this.backend = parts.backend;
    this.precision = parts.precision;
    this.fingerprint = parts.fingerprint;
  }

  get idleSeconds(): number {
    return (this.#idleBefore + (this.#given > 0 ? 0 : performance.now() - this.#idleSince)) / 1000;
  }

  /**
   * Processes one call at a time, in the order of the calls. See {@link Encoder.encode}.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ABORTED`, `ERR_DISPOSED`, `ERR_OUT_OF_MEMORY`, `ERR_DATA` if the model
   *   fails, `ERR_NON_FINITE`, `ERR_DEVICE_UNAVAILABLE` if its process dies
   */
  async encode(texts: readonly EmbeddableText[], options: CallOptions = {}): Promise<EncodeResult> {
    expectEmbeddableTexts(texts);
    const call = expectCallOptions(options);
    const { signal } = call;
    if (this.#disposed) throw new EngineError('ERR_DISPOSED', `The encoder ${this.name} was disposed`);
    throwIfAborted(signal);
    // Captured before the first await, because the caller's stack frames are lost afterwards.
    const site = new EngineError('ERR_INTERNAL', '');
    // Starts before the turn of this call, so that the runner does not wait for it between two calls.
    const first = this.#tokenize(texts, 0, signal);
    first.catch(() => undefined); // awaited when it is the turn of this call
    const turn = this.#queue.then(() => this.#encodeAll(texts, first, call));
    this.#queue = turn.catch(() => undefined);
    try {
      return await untilAborted(turn, signal);
    } catch (error) {
      throw atSite(error, site);
    }
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#queue.then(async () => {
      await Promise.all([this.#runner.stop(), this.#parts.tokenizer.dispose()]);
    });
    return this.#disposed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** @param first token ids of the first window */
  async #encodeAll(
    texts: readonly EmbeddableText[],
    first: Promise<PackedTokens>,
    { signal, onProgress }: CallOptions,
  ): Promise<EncodeResult> {
    throwIfAborted(signal);
    const { dim } = this;
    const result: EncodeResult = {
      embeddings: allocateFloat32(texts.length * dim, `${texts.length} x ${dim} embeddings`),
      rows: texts.length,
      dim,
      tokens: 0,
      textTokens: new Int32Array(texts.length),
    };
    if (texts.length === 0) return result;
    if (!this.#runner.alive) this.#runner = await this.#parts.start();
    const runner = this.#runner;
    let done = 0;
    const encodeBatch = async (batch: Batch): Promise<void> => {
      const rows = await this.#give(runner, batch);
      batch.texts.forEach((text, i) => {
        result.embeddings.set(rows.subarray(i * dim, (i + 1) * dim), text * dim);
        result.textTokens[text] = batch.offsets[i + 1]! - batch.offsets[i]!;
      });
      result.tokens += batch.ids.length;
      done += batch.texts.length;
      if (!signal?.aborted) onProgress?.(done);
    };
    const inFlight: Promise<void>[] = [];
    try {
      for await (const batch of this.#batches(texts, first, signal)) {
        throwIfAborted(signal);
        if (inFlight.length === BATCHES_IN_FLIGHT) await inFlight.shift();
        const encoding = encodeBatch(batch);
        encoding.catch(() => undefined); // awaited later; avoids an unhandled rejection until then
        inFlight.push(encoding);
      }
      await Promise.all(inFlight);
    } finally {
      // Even after a failure, the call lasts until the runner is free for the next one.
      await Promise.allSettled(inFlight);
    }
    return result;
  }

  async #give(runner: BatchRunner, { ids, offsets }: PackedTokens): Promise<Float32Array> {
    if (this.#given++ === 0) this.#idleBefore += performance.now() - this.#idleSince;
    try {
      return await runner.encode({ ids, offsets });
    } finally {
      if (--this.#given === 0) this.#idleSince = performance.now();
    }
  }

  /** Yields the batches window by window. Tokenises the next window while the batches of this one are computed. */
  async *#batches(
    texts: readonly EmbeddableText[],
    first: Promise<PackedTokens>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Batch> {
    let next = first;
    for (let begin = 0; begin < texts.length; begin += WINDOW_TEXTS) {
      const window = await next;
      if (begin + WINDOW_TEXTS < texts.length) {
        next = this.#tokenize(texts, begin + WINDOW_TEXTS, signal);
        next.catch(() => undefined); // awaited above, unless the call ends first
      }
      for (const rows of planBatches(window.offsets, this.#parts.batchTokens)) {
        yield { ...gatherRows(window, rows), texts: rows.map((row) => row + begin) };
      }
    }
  }

  async #tokenize(
    texts: readonly EmbeddableText[],
    begin: number,
    signal: AbortSignal | undefined,
  ): Promise<PackedTokens> {
    const { model, tokenizer, maxTokens } = this.#parts;
    const window = texts.slice(begin, begin + WINDOW_TEXTS);
    const packed = await encodeQa(tokenizer, window, {
      maxTokens,
      signal,
      prepare: (text) => prepareText(model, text),
    });
    packed.ids.forEach((id) => {
      if (id < 0 || id >= model.vocabSize) {
        throw new EngineError(
          'ERR_DATA',
          `${model.tokenizerFile} produced token id ${id}, but the model has only ${model.vocabSize} tokens`,
        );
      }
    });
    return packed;
  }
}

/** Gives an error a stack that starts at the caller of the method that created `site`. */
function atSite(error: unknown, site: EngineError): unknown {
  if (!(error instanceof EngineError)) return error;
  const moved = new EngineError(error.code, error.message, { cause: error.cause });
  moved.stack = `${moved.name}: ${moved.message}\n${(site.stack ?? '').split('\n').slice(2).join('\n')}`;
  return moved;
}
