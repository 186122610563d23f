import type { QuestionAnswer } from '../core/question-answer.js';
import { hashText } from '../core/text-hash.js';
import { WordTable } from '../core/word-table.js';

const HASH_WORDS = 4;

/**
 * Maps every text to the first row that has it. Stores a 128-bit hash and a row number for each distinct text: 27 to
 * 53 MB for a million texts, plus half of that while the table grows. A hash collision between two different texts is
 * expected once in 10^26 runs over a million texts.
 */
export class TextTable {
  /** Row number + 1 by hash. */
  readonly #rows = new WordTable(HASH_WORDS, 1);

  /** Number of distinct texts. */
  get size(): number {
    return this.#rows.size;
  }

  /** Size of the table in bytes. */
  get bytes(): number {
    return this.#rows.bytes;
  }

  /**
   * Adds the text of row `row`, a number below 2^32 - 1.
   *
   * @returns the first row with the same text: `row` itself if the text is new
   */
  add(text: QuestionAnswer, row: number): number {
    const hash = hashOf(text);
    const known = this.#rows.get(hash);
    if (known) return known[0]! - 1;
    this.#rows.set(hash, [row + 1]);
    return row;
  }

  /** Returns the first row with this text; undefined if no row has it. */
  first(text: QuestionAnswer): number | undefined {
    const known = this.#rows.get(hashOf(text));
    return known && known[0]! - 1;
  }
}

/**
 * Hashes the embedded text of a record: question and answer without surrounding white space. The length of the question
 * separates the two.
 */
function hashOf({ question, answer }: QuestionAnswer): Uint32Array {
  const q = question.trim();
  const words = new Uint32Array(HASH_WORDS);
  hashText(`${q.length}:${q}${answer.trim()}`, words);
  return words;
}
