import fc from 'fast-check';

import { seededRandom } from '../support/random.js';

/** The choices of one call. They depend on the seed and the number of the call only, so that it can be repeated. */
export class Choices {
  readonly #random: () => number;

  constructor(seed: number, call: number) {
    this.#random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(call, 0x85ebca6b));
  }

  /** An integer from 0 to n - 1. */
  below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** 1 most often, at most `most`. */
  few(most: number): number {
    let count = 1;
    while (count < most && this.chance(0.3)) count++;
    return count;
  }

  sample<T>(arbitrary: fc.Arbitrary<T>): T {
    return fc.sample(arbitrary, { seed: this.below(2 ** 31), numRuns: 1 })[0]!;
  }
}
