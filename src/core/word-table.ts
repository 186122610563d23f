const FIRST_CAPACITY = 2 ** 10;
const LARGEST_LOAD = 3 / 4;

/**
 * A hash table for millions of entries, for which a Map would take a hundred bytes each. Keys and values have a fixed
 * number of 32-bit words. They are in one typed array with open addressing, which is 3/8 to 3/4 full. Keys are hashes
 * themselves: their first word selects the slot.
 */
export class WordTable {
  readonly #slotWords: number;
  #words: Uint32Array;
  #size = 0;

  /** @param keyWords words per key. @param valueWords words per value */
  constructor(
    private readonly keyWords: number,
    private readonly valueWords: number,
  ) {
    this.#slotWords = keyWords + valueWords;
    this.#words = new Uint32Array(FIRST_CAPACITY * this.#slotWords);
  }

  get size(): number {
    return this.#size;
  }

  /** Memory of the table, in bytes. */
  get bytes(): number {
    return this.#words.byteLength;
  }

  /** Returns the words of the value, or undefined if the table does not contain the key. */
  get(key: ArrayLike<number>): Uint32Array | undefined {
    const at = this.#find(this.#words, key);
    return this.#isFree(this.#words, at) ? undefined : this.#words.slice(at + this.keyWords, at + this.#slotWords);
  }

  /** @param value its last word must not be 0, which marks a free slot */
  set(key: ArrayLike<number>, value: ArrayLike<number>): void {
    const at = this.#find(this.#words, key);
    if (this.#isFree(this.#words, at)) this.#size++;
    this.#words.set(key, at);
    this.#words.set(value, at + this.keyWords);
    if (this.#size * this.#slotWords > this.#words.length * LARGEST_LOAD) this.#grow();
  }

  #grow(): void {
    const old = this.#words;
    const larger = new Uint32Array(old.length * 2);
    for (let from = 0; from < old.length; from += this.#slotWords) {
      if (this.#isFree(old, from)) continue;
      const slot = old.subarray(from, from + this.#slotWords);
      larger.set(slot, this.#find(larger, slot));
    }
    this.#words = larger;
  }

  #isFree(words: Uint32Array, at: number): boolean {
    return words[at + this.keyWords + this.valueWords - 1] === 0;
  }

  /** Returns the start of the key's slot, or of the free slot for it. @param key further words are ignored */
  #find(words: Uint32Array, key: ArrayLike<number>): number {
    const mask = words.length / this.#slotWords - 1;
    for (let slot = key[0]! & mask; ; slot = (slot + 1) & mask) {
      const at = slot * this.#slotWords;
      if (this.#isFree(words, at)) return at;
      let word = 0;
      while (word < this.keyWords && words[at + word] === key[word]) word++;
      if (word === this.keyWords) return at;
    }
  }
}
