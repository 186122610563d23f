/** Least squares with an L2 penalty on the embeddings, with +1 for side A and -1 for side B as the target. */
import { matmul } from '../native/matmul.js';
import { dot } from './dot.js';
import type { SideClassifier } from './side-classifier.js';

/**
 * Penalty as a share of the mean sum of squares of a dimension. Of 0.003 to 3 on pairs of models of eleven sets of
 * answers, 0.3 is nowhere more than a point of accuracy below the best.
 */
const PENALTY = 0.3;
/** Residual of the solution as a share of the target. */
const TOLERANCE = 1e-6;

export const ridgeClassifier: SideClassifier = {
  name: 'ridge regression on the embeddings',
  async score(train, tested, signal) {
    const { dim } = train;
    const rows = train.labels.length;
    const mean = new Float64Array(dim);
    for (let i = 0; i < train.embeddings.length; i++) mean[i % dim]! += train.embeddings[i]! / rows;
    const centred = train.embeddings.map((entry, i) => entry - mean[i % dim]!);
    const options = { transposeA: true, ...(signal && { signal }) };
    const gram = await matmul(centred, centred, dim, dim, rows, options);
    const target = await matmul(centred, Float32Array.from(train.labels), dim, 1, rows, options);
    const weights = solve(gram, target, dim);
    const offset = dot(mean, weights);
    const { embeddings } = tested;
    return Float64Array.from(
      { length: embeddings.length / dim },
      (_, row) => dot(embeddings.subarray(row * dim, (row + 1) * dim), weights) - offset,
    );
  },
};

/**
 * Solves (gram + penalty I) w = target by conjugate gradients (Hestenes and Stiefel 1952). The penalty keeps the matrix
 * well-conditioned, so that a few dozen products with it are enough.
 */
function solve(gram: Float32Array, target: Float32Array, dim: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < dim; i++) trace += gram[i * dim + i]!;
  const penalty = (PENALTY * trace) / dim;
  const weights = new Float64Array(dim);
  const residual = Float64Array.from(target);
  const direction = residual.slice();
  let square = dot(residual, residual);
  const enough = square * TOLERANCE ** 2;
  for (let step = 0; step < dim && square > enough; step++) {
    const product = direction.map(
      (entry, i) => penalty * entry + dot(gram.subarray(i * dim, (i + 1) * dim), direction),
    );
    const length = square / dot(direction, product);
    for (let i = 0; i < dim; i++) {
      weights[i]! += length * direction[i]!;
      residual[i]! -= length * product[i]!;
    }
    const before = square;
    square = dot(residual, residual);
    for (let i = 0; i < dim; i++) direction[i] = residual[i]! + (square / before) * direction[i]!;
  }
  return weights;
}
