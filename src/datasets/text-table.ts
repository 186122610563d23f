import { createHash } from 'node:crypto';

import type { QuestionAnswer } from '../core/question-answer.js';
import { WordTable } from '../core/word-table.js';

const HASH_WORDS = 4;

/**
 * Knows for every text the first row that has it. Keeps 128 bits of a hash and a row number for each distinct text: 27
 * to 53 MB for a million texts, half as much again while the table grows. Two different texts would be taken for equal
 * once in 10^26 runs over a million texts.
 */
export class TextTable {
  /** Row number + 1 by hash. */
  readonly #rows = new WordTable(HASH_WORDS, 1);

  /** Distinct texts. */
  get size(): number {
    return this.#rows.size;
  }

  /** Bytes that the table takes. */
  get bytes(): number {
    return this.#rows.bytes;
  }

  /**
   * Takes the text of row `row`, a number below 2^32 - 1.
   *
   * @returns the first row with an equal text: `row` itself where it is new
   */
  add(text: QuestionAnswer, row: number): number {
    const hash = hashOf(text);
    const known = this.#rows.get(hash);
    if (known) return known[0]! - 1;
    this.#rows.set(hash, [row + 1]);
    return row;
  }

  /** The first row with this text; undefined where there is none. */
  first(text: QuestionAnswer): number | undefined {
    const known = this.#rows.get(hashOf(text));
    return known && known[0]! - 1;
  }
}

/** What is embedded of a record: both sides without the white space around them. The length keeps them apart. */
function hashOf({ question, answer }: QuestionAnswer): Uint32Array {
  const q = question.trim();
  const digest = createHash('sha256').update(`${q.length}:${q}${answer.trim()}`).digest();
  return new Uint32Array(digest.buffer.slice(digest.byteOffset, digest.byteOffset + HASH_WORDS * 4));
}
