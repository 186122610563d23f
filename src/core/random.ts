/**
 * Seeded pseudo-random numbers (mulberry32). They are the same on every machine, and good enough for shuffles and
 * resampling, but not for secrets.
 */
export class SeededRandom {
  #state: number;

  /** @param seed any integer; only its lowest 32 bits are used */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /**
   * Returns generator `index` of the many that belong to one seed. Its numbers do not depend on draws from the others,
   * so work can resume at any index.
   */
  static stream(seed: number, index: number): SeededRandom {
    // The odd constant (2^32 / golden ratio) spreads consecutive numbers over all 32 bits.
    return new SeededRandom(seed ^ Math.imul(index + 1, 0x9e3779b9));
  }

  /** Returns the next number in [0, 1), a multiple of 2^-32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Returns an integer in [0, below). */
  integer(below: number): number {
    return Math.floor(this.next() * below);
  }

  /** Shuffles in place (Fisher-Yates) and returns the same array. */
  shuffle<T extends unknown[] | Int32Array>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swap = items[i];
      items[i] = items[j];
      items[j] = swap;
    }
    return items;
  }
}
