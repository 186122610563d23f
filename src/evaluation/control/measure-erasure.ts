import { gatherRows } from '../../search/gather-rows.js';
import type { ClassificationResult } from '../classification.js';
import type { Split } from '../splits.js';
import { erase, fitErasure, fitRandomErasure } from './concept-erasure.js';
import type { ControlSide, SideName } from './control-rows.js';
import { type Figure, figureOf } from './figure.js';

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

/** Erases directions from the vectors of both sides, and evaluates them. */
export async function measureErasure(
  { embeddings, labels, dim }: ControlSide,
  names: readonly string[],
  splits: Record<SideName, Split>,
  evaluate: (vectors: Float32Array) => Promise<ClassificationResult>,
): Promise<ErasureFigures> {
  const { train } = splits.control;
  const trained = gatherRows(embeddings, dim, train);
  const erasure = await fitErasure(
    trained,
    dim,
    train.map((row) => names.indexOf(labels[row]!)),
  );
  const random: number[] = [];
  for (let seed = 1; seed <= RANDOM_DRAWS; seed++) {
    const other = await fitRandomErasure(trained, dim, erasure.rank, seed);
    random.push((await evaluate(erase(embeddings, dim, other))).balancedAccuracy);
  }
  return {
    rank: erasure.rank,
    before: figureOf(await evaluate(embeddings)),
    after: figureOf(await evaluate(erase(embeddings, dim, erasure))),
    random: random.reduce((sum, value) => sum + value, 0) / RANDOM_DRAWS,
  };
}
