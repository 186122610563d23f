import { allocateFloat32 } from '../core/allocate.js';
import type { EncodeOptions } from '../native/encoder-model.js';
import type { PackedTokens } from '../native/packed-tokens.js';
import type { TokenTable } from './token-table.js';
import type { Pair } from './view-sampler.js';

type Encode = (texts: PackedTokens, options: EncodeOptions) => Promise<unknown>;

/**
 * Hidden states below the first trained layer, kept because frozen layers give the same ones in every epoch. They are
 * kept by answer, which only a view of a single answer (lambda 1) is made of: in longer views every token sees the
 * other answers, and the same view hardly comes twice.
 */
export class FrozenStates {
  readonly #states = new Map<number, Float32Array>();
  #bytes = 0;

  /**
   * @param layers frozen layers, at least one
   * @param width entries of a hidden state
   * @param budget bytes that may be kept; answers beyond are computed each time
   */
  constructor(
    private readonly tokens: TokenTable,
    private readonly layers: number,
    private readonly width: number,
    private readonly budget: number,
    private readonly encode: Encode,
  ) {}

  /** Answers that are kept. */
  get size(): number {
    return this.#states.size;
  }

  /** States of all tokens of the first views, then the second, of pairs with one answer a view: [tokens, width]. */
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

  async #compute(rows: readonly number[]): Promise<Map<number, Float32Array>> {
    const fresh = new Map<number, Float32Array>();
    if (rows.length === 0) return fresh;
    const texts = this.tokens.pack(rows.map((row) => [row]));
    const hidden = allocateFloat32(texts.ids.length * this.width, 'the hidden states');
    await this.encode(texts, { hidden, layers: this.layers });
    rows.forEach((row, i) => {
      const states = hidden.slice(texts.offsets[i]! * this.width, texts.offsets[i + 1]! * this.width);
      fresh.set(row, states);
      if (this.#bytes + states.byteLength > this.budget) return;
      this.#states.set(row, states);
      this.#bytes += states.byteLength;
    });
    return fresh;
  }
}
