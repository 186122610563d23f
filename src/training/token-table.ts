import { allocateInt32 } from '../core/allocate.js';
import type { PackedTokens } from '../native/packed-tokens.js';

/**
 * Token ids of texts without their special tokens, and views put together from them.
 *
 * A view is its texts joined by newlines. With a tokenizer that splits at newlines, its ids are those of the texts one
 * after the other: nothing is tokenised twice.
 */
export class TokenTable {
  #ids = new Int32Array(2 ** 16);
  #offsets: number[] = [0];

  /**
   * @param before special tokens at the start of every text
   * @param after special tokens at its end
   * @param maxTokens longest view, special tokens included; longer ones lose their end
   */
  constructor(
    private readonly before: readonly number[],
    private readonly after: readonly number[],
    readonly maxTokens: number,
  ) {}

  get rows(): number {
    return this.#offsets.length - 1;
  }

  /** Adds texts as the tokenizer returns them, with their special tokens. */
  append({ ids, offsets }: PackedTokens): void {
    const specials = this.before.length + this.after.length;
    this.#reserve(this.#offsets.at(-1)! + ids.length);
    for (let text = 0; text + 1 < offsets.length; text++) {
      const begin = this.#offsets.at(-1)!;
      this.#ids.set(ids.subarray(offsets[text]! + this.before.length, offsets[text + 1]! - this.after.length), begin);
      this.#offsets.push(begin + offsets[text + 1]! - offsets[text]! - specials);
    }
  }

  /** A table of some of the rows, in the given order. */
  select(rows: readonly number[]): TokenTable {
    const table = new TokenTable(this.before, this.after, this.maxTokens);
    table.#reserve(rows.reduce((sum, row) => sum + this.#offsets[row + 1]! - this.#offsets[row]!, 0));
    for (const row of rows) {
      const begin = table.#offsets.at(-1)!;
      const text = this.#ids.subarray(this.#offsets[row], this.#offsets[row + 1]);
      table.#ids.set(text, begin);
      table.#offsets.push(begin + text.length);
    }
    return table;
  }

  /** Packs views, each given by its rows in order. */
  pack(views: readonly (readonly number[] | Int32Array)[]): PackedTokens {
    const room = this.maxTokens - this.before.length - this.after.length;
    const offsets = new Int32Array(views.length + 1);
    views.forEach((rows, view) => {
      let length = 0;
      for (const row of rows) length += this.#offsets[row + 1]! - this.#offsets[row]!;
      offsets[view + 1] = offsets[view]! + Math.min(length, room) + this.before.length + this.after.length;
    });
    const ids = allocateInt32(offsets.at(-1)!, 'the token ids');
    views.forEach((rows, view) => {
      let at = offsets[view]!;
      ids.set(this.before, at);
      at += this.before.length;
      const end = offsets[view + 1]! - this.after.length;
      for (const row of rows) {
        const text = this.#ids.subarray(
          this.#offsets[row],
          Math.min(this.#offsets[row + 1]!, this.#offsets[row]! + end - at),
        );
        ids.set(text, at);
        at += text.length;
      }
      ids.set(this.after, end);
    });
    return { ids, offsets };
  }

  #reserve(length: number): void {
    if (length <= this.#ids.length) return;
    const grown = allocateInt32(Math.max(length, 2 * this.#ids.length), 'the token ids');
    grown.set(this.#ids);
    this.#ids = grown;
  }
}
