/** Chooses the answers of a fit, and its pairs. Both depend only on the labels and the seed. */
import { SeededRandom } from '../../core/random.js';

/** Pairs of several steps, packed: see `NgramSteps`. */
export interface Pairs {
  queries: Int32Array;
  keys: Int32Array;
  labels: Int32Array;
}

/** Makes room for pairs that are to be drawn. */
export function emptyPairs(count: number): Pairs {
  return { queries: new Int32Array(count), keys: new Int32Array(count), labels: new Int32Array(count) };
}

/**
 * Samples rows so that the labels have equal numbers of them, as far as possible: every label gives up to a quota of
 * its rows, the largest with which the sample has at most `count` rows.
 *
 * @returns ascending rows
 */
export function sampleRows(labels: Int32Array, classes: number, count: number, seed: number): Int32Array {
  if (labels.length <= count) return Int32Array.from(labels.keys());
  const rowsOf = groupRows(labels, classes);
  const quota = quotaOf(
    rowsOf.map(({ length }) => length),
    count,
  );
  const rows = rowsOf.flatMap((all, label) =>
    all.length <= quota ? all : SeededRandom.stream(seed, label).shuffle(all).slice(0, quota),
  );
  return Int32Array.from(rows).sort();
}

/** The largest number q with which the sum of min(size, q) is at most `count`, or 1. */
function quotaOf(sizes: readonly number[], count: number): number {
  let left = count;
  const ascending = [...sizes].sort((a, b) => a - b);
  for (const [i, size] of ascending.entries()) {
    const quota = Math.floor(left / (ascending.length - i));
    if (size > quota) return Math.max(1, quota);
    left -= size;
  }
  return ascending.at(-1) ?? 1;
}

/** Draws pairs of different answers of one label. */
export class PairSampler {
  readonly #rowsOf: number[][];
  /** Labels with at least two rows. */
  readonly #labels: number[];

  constructor(
    labels: Int32Array,
    classes: number,
    private readonly seed: number,
  ) {
    this.#rowsOf = groupRows(labels, classes);
    this.#labels = [...this.#rowsOf.keys()].filter((label) => this.#rowsOf[label]!.length >= 2);
  }

  /** Number of labels that have pairs. */
  get size(): number {
    return this.#labels.length;
  }

  /** Draws `pairs` pairs for each of `steps` steps. Steps are independent, so training can resume at any of them. */
  draw(firstStep: number, steps: number, pairs: number): Pairs {
    const drawn = emptyPairs(steps * pairs);
    for (let step = 0; step < steps; step++) {
      const random = SeededRandom.stream(this.seed, firstStep + step);
      for (let at = step * pairs; at < (step + 1) * pairs; at++) {
        const label = this.#labels[random.integer(this.#labels.length)]!;
        const rows = this.#rowsOf[label]!;
        const query = random.integer(rows.length);
        const other = random.integer(rows.length - 1);
        drawn.labels[at] = label;
        drawn.queries[at] = rows[query]!;
        drawn.keys[at] = rows[other < query ? other : other + 1]!;
      }
    }
    return drawn;
  }
}

function groupRows(labels: Int32Array, classes: number): number[][] {
  const rowsOf: number[][] = Array.from({ length: classes }, () => []);
  labels.forEach((label, row) => rowsOf[label]!.push(row));
  return rowsOf;
}
