import { describe, expect, it } from 'vitest';

import { SeededRandom } from '../../../src/core/random.js';
import { SoftmaxRegression } from '../../../src/evaluation/softmax-regression.js';
import { randomNormal } from '../../support/random.js';
import { relativeError, TOLERANCE } from '../../support/tolerances.js';

/** Computes the mean cross-entropy in double precision. */
function loss(
  weights: ArrayLike<number>,
  bias: ArrayLike<number>,
  x: Float32Array,
  targets: Int32Array,
  dim: number,
): number {
  let sum = 0;
  targets.forEach((target, row) => {
    const logits = Array.from(bias, (value, label) => {
      for (let j = 0; j < dim; j++) value += x[row * dim + j]! * weights[label * dim + j]!;
      return value;
    });
    const largest = Math.max(...logits);
    sum += Math.log(logits.reduce((total, logit) => total + Math.exp(logit - largest), 0)) + largest - logits[target]!;
  });
  return sum / targets.length;
}

describe('SoftmaxRegression', () => {
  it.each([
    [1, 1, 2],
    [17, 15, 3],
    [63, 16, 17],
  ])(
    'matches the loss of the reference and its finite differences: %i rows, dim %i, %i labels',
    async (rows, dim, labels) => {
      const model = new SoftmaxRegression(dim, labels, new SeededRandom(1));
      const x = randomNormal(rows * dim, 2);
      const targets = Int32Array.from({ length: rows }, (_, row) => (row * 7) % labels);
      const actual = await model.lossAndGradients(x, targets);
      const weights = Float64Array.from(model.weights);
      const bias = Float64Array.from(model.bias);
      expect(actual.loss).toBeCloseTo(loss(weights, bias, x, targets, dim), 5);

      const slopes = (parameters: Float64Array): number[] =>
        Array.from(parameters.keys(), (i) => {
          const step = 1e-5;
          const value = parameters[i]!;
          parameters[i] = value + step;
          const above = loss(weights, bias, x, targets, dim);
          parameters[i] = value - step;
          const below = loss(weights, bias, x, targets, dim);
          parameters[i] = value;
          return (above - below) / (2 * step);
        });
      expect(relativeError(actual.weights, slopes(weights))).toBeLessThan(TOLERANCE.f32Sum);
      expect(relativeError(actual.bias, slopes(bias))).toBeLessThan(TOLERANCE.f32Sum);
    },
  );

  it('keeps huge logits finite', async () => {
    const model = new SoftmaxRegression(1, 2, new SeededRandom(1));
    model.weights.set([1, -1]);
    model.bias.fill(0);
    const { loss: huge, bias } = await model.lossAndGradients(Float32Array.of(1e4, 1e4), Int32Array.of(0, 1));
    expect(huge).toBeCloseTo(1e4, 2);
    expect([...bias]).toEqual([0.5, -0.5]);
  });

  it('starts within 1 / sqrt(dim) of zero', () => {
    const { weights, bias } = new SoftmaxRegression(16, 100, new SeededRandom(1));
    const all = [...weights, ...bias];
    expect(Math.max(...all)).toBeLessThanOrEqual(0.25);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(-0.25);
    expect(Math.sqrt(all.reduce((sum, value) => sum + value * value, 0) / all.length)).toBeCloseTo(
      0.25 / Math.sqrt(3),
      2,
    );
  });
});
