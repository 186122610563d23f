import { EngineError } from '../../core/errors.js';
import { SeededRandom } from '../../core/random.js';
import { emptyPairs, PairSampler, type Pairs } from '../../identification/fit/pairs.js';
import type { PairSource } from '../../identification/fit/train-table.js';

/** The texts of one source. */
export interface SourceTexts {
  /** Number of every text in the corpus. */
  texts: Int32Array;
  /** Label index of every text. */
  labels: Int32Array;
  /** Number of labels. */
  classes: number;
}

/** Large sources are drawn more often than small ones, but not in proportion to their size. */
const SIZE_POWER = 0.7;

/**
 * Draws pairs so that each step has those of one source: answers of different sources differ in their questions, which
 * would make them easy to tell apart.
 */
export class SourceSampler implements PairSource {
  readonly #samplers: PairSampler[] = [];
  /** Sums of the weights up to each source. */
  readonly #weights: number[] = [];

  /** @throws EngineError `ERR_DATA` if no source has pairs of two labels */
  constructor(
    private readonly sources: readonly SourceTexts[],
    private readonly seed: number,
  ) {
    let sum = 0;
    for (const [i, { labels, classes }] of sources.entries()) {
      const sampler = new PairSampler(labels, classes, seed + i + 1);
      this.#samplers.push(sampler);
      sum += sampler.size < 2 ? 0 : labels.length ** SIZE_POWER;
      this.#weights.push(sum);
    }
    if (sum === 0)
      throw new EngineError('ERR_DATA', 'Training needs a source with two value ids that have two answers each');
  }

  draw(firstStep: number, steps: number, pairs: number): Pairs {
    const drawn = emptyPairs(steps * pairs);
    for (let step = 0; step < steps; step++) {
      const at = SeededRandom.stream(this.seed, firstStep + step).next() * this.#weights.at(-1)!;
      const source = this.#weights.findIndex((weight) => at < weight);
      const of = this.#samplers[source]!.draw(firstStep + step, 1, pairs);
      const { texts } = this.sources[source]!;
      drawn.labels.set(of.labels, step * pairs);
      for (let i = 0; i < pairs; i++) {
        drawn.queries[step * pairs + i] = texts[of.queries[i]!]!;
        drawn.keys[step * pairs + i] = texts[of.keys[i]!]!;
      }
    }
    return drawn;
  }
}
