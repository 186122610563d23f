import { allocateFloat32 } from '../core/allocate.js';
import type { EncodeOptions } from '../native/encoder-model.js';
import type { PackedTokens } from '../native/packed-tokens.js';
import type { TokenTable } from './token-table.js';
import type { Pair } from './view-sampler.js';

type Encode = (texts: PackedTokens, options: EncodeOptions) => Promise<unknown>;

/**
 * Caches hidden states below the first trained layer, which frozen layers compute again in every epoch. The cache is
 * keyed by answer, so it only works for views of a single answer (lambda 1): in longer views, every token sees the
 * other answers, and the same view rarely occurs twice.
 */
export class FrozenStates {
  readonly #states = new Map<number, Float32Array>();
  #bytes = 0;

  /**
   * @param layers number of frozen layers, at least one
   * @param width entries of a hidden state
   * @param budget size limit of the cache in bytes; answers that do not fit are computed each time
   */
  constructor(
    private readonly tokens: TokenTable,
    private readonly layers: number,
    private readonly width: number,
    private readonly budget: number,
    private readonly encode: Encode,
  ) {}

  /** Number of cached answers. */
  get size(): number {
    return this.#states.size;
  }

  /**
   * Returns the states of all tokens, first views before second views, for pairs with one answer per view: [tokens,
   * width].
   */
  async of(pairs: readonly Pair[]): Promise<Float32Array> {
    const rows = [...pairs.map(({ query }) => query[0]!), ...pairs.map(({ key }) => key[0]!)];
    const missing = [...new Set(rows)].filter((row) => !this.#states.has(row));
    const fresh = await this.#compute(missing);
    const parts = rows.map((row) => this.#states.get(row) ?? fresh.get(row)!);
    const states = allocateFloat32(
      parts.reduce((sum, part) => sum + part.length, 0),
      'the hidden states',
    );
    let at = 0;
    for (const part of parts) {
      states.set(part, at);
      at += part.length;
    }
    return states;
  }

  /**
   * Each answer is computed by itself: without AVX-512, oneDNN rounds the rows of a product by their number, and a
   * resumed run meets the answers in other batches.
   */
  async #compute(rows: readonly number[]): Promise<Map<number, Float32Array>> {
    const fresh = new Map<number, Float32Array>();
    for (const row of rows) {
      const texts = this.tokens.pack([[row]]);
      const hidden = allocateFloat32(texts.ids.length * this.width, 'the hidden states');
      await this.encode(texts, { hidden, layers: this.layers });
      fresh.set(row, hidden);
      if (this.#bytes + hidden.byteLength > this.budget) continue;
      this.#states.set(row, hidden);
      this.#bytes += hidden.byteLength;
    }
    return fresh;
  }
}
