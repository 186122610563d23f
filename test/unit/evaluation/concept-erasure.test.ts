import { expect, it } from 'vitest';

import { erase, fitErasure, makeRandomErasure, whiten } from '../../../src/evaluation/control/concept-erasure.js';
import { randomNormal } from '../../support/random.js';

const DIM = 12;
const LABELS = 4;
const ROWS = 400;

/** Unit vectors whose means differ by label, in directions of unequal variance. */
function makeVectors(): { vectors: Float32Array; labels: Int32Array } {
  const noise = randomNormal(ROWS * DIM, 1);
  const labels = Int32Array.from({ length: ROWS }, (_, row) => (row * 7) % LABELS);
  const vectors = noise.map((value, i) => {
    const [row, d] = [Math.floor(i / DIM), i % DIM];
    return value / (1 + d) + (d === labels[row] ? 0.5 : 0) + (d === 11 ? 1 : 0);
  });
  return { vectors, labels };
}

/** Largest distance of the mean of a label from the mean of all, before vectors are scaled to unit length. */
function spread(vectors: Float32Array, labels: Int32Array): number {
  const mean = (rows: number[]): Float64Array =>
    Float64Array.from(
      { length: DIM },
      (_, d) => rows.reduce((sum, row) => sum + vectors[row * DIM + d]!, 0) / rows.length,
    );
  const all = mean([...labels.keys()]);
  return Math.max(
    ...Array.from({ length: LABELS }, (_, label) =>
      Math.hypot(...mean([...labels.keys()].filter((row) => labels[row] === label)).map((value, d) => value - all[d]!)),
    ),
  );
}

it('makes the means of the labels equal, with the least change, and random directions do not', async () => {
  const { vectors, labels } = makeVectors();
  const whitening = await whiten(vectors, DIM);
  const erasure = fitErasure(vectors, labels, whitening);
  expect(erasure.rank).toBe(LABELS - 1);
  // Without the scaling to unit length, which is not linear.
  const linear = (x: Float32Array, { mean, right, left, rank }: typeof erasure): Float32Array => {
    const y = Float32Array.from(x);
    for (let row = 0; row < x.length; row += DIM)
      for (let r = 0; r < rank; r++) {
        let product = 0;
        for (let d = 0; d < DIM; d++) product += right[r * DIM + d]! * (x[row + d]! - mean[d]!);
        for (let d = 0; d < DIM; d++) y[row + d]! -= product * left[r * DIM + d]!;
      }
    return y;
  };
  expect(spread(vectors, labels)).toBeGreaterThan(0.2);
  expect(spread(linear(vectors, erasure), labels)).toBeLessThan(1e-5);
  const random = makeRandomErasure(LABELS - 1, 1, whitening);
  expect(random.rank).toBe(LABELS - 1);
  expect(spread(linear(vectors, random), labels)).toBeGreaterThan(0.1);
  // Erasing twice changes nothing more: it is a projection.
  const once = linear(vectors, erasure);
  expect(Math.max(...linear(once, erasure).map((value, i) => Math.abs(value - once[i]!)))).toBeLessThan(1e-5);
});

it('scales vectors to unit length, and leaves the given ones alone', async () => {
  const { vectors, labels } = makeVectors();
  const before = Float32Array.from(vectors);
  const erased = erase(vectors, DIM, fitErasure(vectors, labels, await whiten(vectors, DIM)));
  expect(vectors).toEqual(before);
  for (let row = 0; row < ROWS; row++)
    expect(Math.hypot(...erased.subarray(row * DIM, (row + 1) * DIM))).toBeCloseTo(1, 5);
});
