import type { EmbeddableText } from '../core/question-answer.js';
import { LiveCollection } from '../datasets/live/live-collection.js';
import type { Encoder } from '../encoder/encoder.js';
import { EncodeBatcher, type EncodeBatcherOptions, type EncodedTexts } from './encode-batcher.js';

/**
 * The encoders of a server, each with its own queue. A reload of the collection can change the encoder, so vectors must
 * be encoded and searched within one call of `LiveCollection.use`.
 */
export class ServedEncoders {
  readonly #batchers = new WeakMap<Encoder, EncodeBatcher>();

  constructor(
    private readonly source: Encoder | LiveCollection,
    private readonly batching: EncodeBatcherOptions,
  ) {}

  /** The encoder of queries and embeddings, for synchronous access only. For everything else, call {@link use}. */
  get current(): Encoder {
    return this.source instanceof LiveCollection ? this.source.current.encoder : this.source;
  }

  /** Runs `action` with the current encoder, which stays loaded until the action has finished. */
  use<T>(action: (encoder: Encoder) => Promise<T>): Promise<T> {
    return this.source instanceof LiveCollection
      ? this.source.use(({ encoder }) => action(encoder))
      : action(this.source);
  }

  /** Encodes texts together with those of other requests: see {@link EncodeBatcher.encode}. */
  encode(encoder: Encoder, texts: readonly EmbeddableText[], signal?: AbortSignal): Promise<EncodedTexts> {
    return this.#batcher(encoder).encode(texts, signal);
  }

  /** Estimated tokens of the texts that are not in a batch yet. */
  get waitingTokens(): number {
    return this.#loaded().reduce((sum, encoder) => sum + this.#batcher(encoder).waitingTokens, 0);
  }

  /** Settles when no text is waiting or being encoded. */
  async idle(): Promise<void> {
    await Promise.all(this.#loaded().map((encoder) => this.#batcher(encoder).idle()));
  }

  #batcher(encoder: Encoder): EncodeBatcher {
    const batcher = this.#batchers.get(encoder) ?? new EncodeBatcher(encoder, this.batching);
    this.#batchers.set(encoder, batcher);
    return batcher;
  }

  #loaded(): Encoder[] {
    const { ownEncoder } = this.source instanceof LiveCollection ? this.source.current : {};
    return [...new Set([this.current, ...(ownEncoder ? [ownEncoder] : [])])];
  }
}
