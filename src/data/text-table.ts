import { createHash } from 'node:crypto';

import type { QuestionAnswer } from '../core/question-answer.js';

const FIRST_CAPACITY = 2 ** 12;
const LARGEST_LOAD = 3 / 4;
const WORDS = 4;

/**
 * Knows for every text the first row that has it. Keeps 128 bits of a hash and a row number for each distinct text, in an
 * open table that is 3/8 to 3/4 full: 27 to 53 MB for a million texts, half as much again while it grows. Two different
 * texts would be taken for equal once in 10^26 runs over a million texts.
 */
export class TextTable {
  /** WORDS words of hash for each slot. */
  #hashes = new Uint32Array(FIRST_CAPACITY * WORDS);
  /** Row number + 1 for each slot; 0 marks a free one. */
  #rows = new Uint32Array(FIRST_CAPACITY);
  #size = 0;

  /** Distinct texts. */
  get size(): number {
    return this.#size;
  }

  /** Bytes that the table takes. */
  get bytes(): number {
    return this.#hashes.byteLength + this.#rows.byteLength;
  }

  /**
   * Takes the text of row `row`, a number below 2^32 - 1.
   *
   * @returns the first row with an equal text: `row` itself where it is new
   */
  add(text: QuestionAnswer, row: number): number {
    const hash = hashOf(text);
    const slot = find(this.#hashes, this.#rows, hash, 0);
    if (this.#rows[slot] !== 0) return this.#rows[slot]! - 1;
    put(this.#hashes, this.#rows, slot, hash, 0, row + 1);
    if (++this.#size > this.#rows.length * LARGEST_LOAD) this.#grow();
    return row;
  }

  /** The first row with this text; undefined where there is none. */
  first(text: QuestionAnswer): number | undefined {
    const row = this.#rows[find(this.#hashes, this.#rows, hashOf(text), 0)]!;
    return row === 0 ? undefined : row - 1;
  }

  #grow(): void {
    const rows = new Uint32Array(this.#rows.length * 2);
    const hashes = new Uint32Array(rows.length * WORDS);
    for (let slot = 0; slot < this.#rows.length; slot++) {
      if (this.#rows[slot] === 0) continue;
      put(hashes, rows, find(hashes, rows, this.#hashes, slot * WORDS), this.#hashes, slot * WORDS, this.#rows[slot]!);
    }
    this.#hashes = hashes;
    this.#rows = rows;
  }
}

/** What is embedded of a record: both sides without the white space around them. The length keeps them apart. */
function hashOf({ question, answer }: QuestionAnswer): Uint32Array {
  const q = question.trim();
  const digest = createHash('sha256').update(`${q.length}:${q}${answer.trim()}`).digest();
  return new Uint32Array(digest.buffer.slice(digest.byteOffset, digest.byteOffset + WORDS * 4));
}

/** The slot of a hash, or the free one where it belongs. */
function find(hashes: Uint32Array, rows: Uint32Array, hash: Uint32Array, at: number): number {
  const mask = rows.length - 1;
  let slot = hash[at]! & mask;
  while (rows[slot] !== 0) {
    const there = slot * WORDS;
    if (hashes[there] === hash[at] && hashes[there + 1] === hash[at + 1] && hashes[there + 2] === hash[at + 2] && hashes[there + 3] === hash[at + 3]) return slot;
    slot = (slot + 1) & mask;
  }
  return slot;
}

function put(hashes: Uint32Array, rows: Uint32Array, slot: number, hash: Uint32Array, at: number, row: number): void {
  for (let word = 0; word < WORDS; word++) hashes[slot * WORDS + word] = hash[at + word]!;
  rows[slot] = row;
}
