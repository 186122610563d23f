import { gatherRows } from '../../search/gather-rows.js';
import { erase, fitErasure, makeRandomErasure, whiten } from './concept-erasure.js';
import type { ControlSide } from './control-rows.js';
import type { Figure } from './figure.js';

/** KNN on questions about values, in vectors from which directions were erased. */
export interface ErasureFigures {
  /** Number of erased directions: those that tell the labels apart on the training questions of the other side. */
  rank: number;
  before: Figure;
  after: Figure;
  /** Mean over several draws of as many random directions. */
  random: number;
}

const RANDOM_DRAWS = 5;

/**
 * Erases directions from the vectors of both sides, and evaluates them.
 *
 * @param names the distinct labels
 * @param train training rows of the other side
 */
export async function measureErasure(
  { embeddings, labels, dim }: ControlSide,
  names: readonly string[],
  train: Int32Array,
  evaluate: (vectors: Float32Array) => Promise<Figure>,
): Promise<Omit<ErasureFigures, 'before'>> {
  const trained = gatherRows(embeddings, dim, train);
  const whitening = await whiten(trained, dim);
  const erasure = fitErasure(
    trained,
    train.map((row) => names.indexOf(labels[row]!)),
    whitening,
  );
  const { rank } = erasure;
  let random = 0;
  for (let seed = 1; seed <= RANDOM_DRAWS; seed++) {
    const other = makeRandomErasure(rank, seed, whitening);
    random += (await evaluate(erase(embeddings, dim, other))).balancedAccuracy / RANDOM_DRAWS;
  }
  return { rank, after: await evaluate(erase(embeddings, dim, erasure)), random };
}
