/** Seeded pseudo-random numbers (mulberry32), the same on every machine. */
export class SeededRandom {
  #state: number;

  /** @param seed any integer; only its lowest 32 bits are used */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns an integer in [0, below). */
  integer(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  }
}
