/**
 * Draws the two views of a pair from the answers of one value id (UniVaR, section 3.2; Contrastor's
 * MultiViewValueQADataset).
 */
import type { SeededRandom } from '../core/random.js';

export interface Pair {
  /** Rows of the first and of the second view, in joining order. */
  query: number[];
  key: number[];
}

export interface ViewSamplerOptions {
  /**
   * Maximum number of answers per view. For each view, the number is drawn uniformly from 1 to lambda, and limited to
   * the size of the pool.
   */
  lambda: number;
  /**
   * If true, draws the second view from answers to questions that the first view does not have, if possible, and never
   * uses an answer twice. If false, the views are independent and can overlap, as in the paper.
   */
  disjoint: boolean;
}

/**
 * Draws the two views of a pair.
 *
 * @param pool rows of one value id, at least two
 * @param groups question, or group of questions, of every row of the training set
 */
export function drawPair(
  pool: Int32Array,
  groups: readonly string[],
  { lambda, disjoint }: ViewSamplerOptions,
  random: SeededRandom,
): Pair {
  const sizes = [1 + random.integer(lambda), 1 + random.integer(lambda)] as const;
  if (!disjoint) return { query: drawRows(pool, sizes[0], random), key: drawRows(pool, sizes[1], random) };
  const query = drawRows(pool, Math.min(sizes[0], pool.length - 1), random);
  const asked = new Set(query.map((row) => groups[row]!));
  const others = pool.filter((row) => !asked.has(groups[row]!));
  // If all answers are to the same few questions, at least do not repeat an answer.
  const candidates = others.length > 0 ? others : pool.filter((row) => !query.includes(row));
  return { query, key: drawRows(candidates, sizes[1], random) };
}

/**
 * Draws `count` rows of the pool, or all if it has fewer, uniformly without replacement and in random order (Floyd's
 * method, followed by a shuffle).
 */
export function drawRows(pool: Int32Array, count: number, random: SeededRandom): number[] {
  const taken = new Set<number>();
  for (let last = Math.max(0, pool.length - count); last < pool.length; last++) {
    const position = random.integer(last + 1);
    taken.add(taken.has(position) ? last : position);
  }
  return random.shuffle([...taken]).map((position) => pool[position]!);
}
