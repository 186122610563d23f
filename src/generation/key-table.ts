/** Where a line is. */
export interface Place {
  segment: number;
  offset: number;
  length: number;
}

const FIRST_CAPACITY = 2 ** 10;
const LARGEST_LOAD = 3 / 4;
/** Words of 32 bits a slot: 3 of the key, segment, offset, length + 1 (0: the slot is free). */
const WORDS = 6;

/**
 * Places by key in one typed array with open addressing: 24 bytes a slot. Keeps 96 bits of a key; that two of a billion
 * keys agree in them has a probability of 1 to 10^11, and the reader of the line would notice.
 */
export class KeyTable {
  #slots = new Uint32Array(FIRST_CAPACITY * WORDS);
  #used = 0;

  get size(): number {
    return this.#used;
  }

  /** @param key at least 24 hexadecimal digits */
  get(key: string): Place | undefined {
    const at = this.#find(this.#slots, ...wordsOf(key));
    const length = this.#slots[at + 5]!;
    return length === 0 ? undefined : { segment: this.#slots[at + 3]!, offset: this.#slots[at + 4]!, length: length - 1 };
  }

  set(key: string, { segment, offset, length }: Place): void {
    const [a, b, c] = wordsOf(key);
    const at = this.#find(this.#slots, a, b, c);
    if (this.#slots[at + 5] === 0) this.#used++;
    this.#slots.set([a, b, c, segment, offset, length + 1], at);
    if (this.#used * WORDS > this.#slots.length * LARGEST_LOAD) this.#grow();
  }

  #grow(): void {
    const old = this.#slots;
    const larger = new Uint32Array(old.length * 2);
    for (let from = 0; from < old.length; from += WORDS) {
      if (old[from + 5] === 0) continue;
      larger.set(old.subarray(from, from + WORDS), this.#find(larger, old[from]!, old[from + 1]!, old[from + 2]!));
    }
    this.#slots = larger;
  }

  /** Index of the slot of a key, or of the free one where it belongs. */
  #find(slots: Uint32Array, a: number, b: number, c: number): number {
    const capacity = slots.length / WORDS;
    for (let slot = a & (capacity - 1); ; slot = (slot + 1) & (capacity - 1)) {
      const at = slot * WORDS;
      if (slots[at + 5] === 0 || (slots[at] === a && slots[at + 1] === b && slots[at + 2] === c)) return at;
    }
  }
}

function wordsOf(key: string): [number, number, number] {
  return [Number.parseInt(key.slice(0, 8), 16), Number.parseInt(key.slice(8, 16), 16), Number.parseInt(key.slice(16, 24), 16)];
}
