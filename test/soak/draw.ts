import { seededRandom } from '../support/random.js';

/** Random choices by a seed. */
export class Draw {
  readonly #random: () => number;

  constructor(readonly seed: number) {
    this.#random = seededRandom(seed);
  }

  /** Draws a whole number from `min` to `max`. */
  int(min: number, max: number): number {
    return min + Math.floor(this.#random() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  pick<const T>(choices: readonly T[]): T {
    return choices[this.int(0, choices.length - 1)]!;
  }

  floats(length: number, scale = 1): Float32Array {
    return Float32Array.from({ length }, () => (2 * this.#random() - 1) * scale);
  }

  ints(length: number, max: number): Int32Array {
    return Int32Array.from({ length }, () => this.int(0, max));
  }

  /** Draws the ascending offsets of `count` runs of `min` to `max` entries. */
  offsets(count: number, min: number, max: number): Int32Array {
    const offsets = new Int32Array(count + 1);
    for (let i = 0; i < count; i++) offsets[i + 1] = offsets[i]! + this.int(min, max);
    return offsets;
  }

  /** Returns a signal that aborts after a few milliseconds, for one call in four. */
  signal(): AbortSignal | undefined {
    return this.chance(0.25) ? AbortSignal.timeout(this.int(0, 20)) : undefined;
  }
}
