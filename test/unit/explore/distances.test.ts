import { describe, expect, it } from 'vitest';

import { SeededRandom } from '../../../src/core/random.js';
import { distancesToRow, euclideanDistances } from '../../../src/explore/distances.js';

const random = new SeededRandom(1);
const matrix = (rows: number, dim: number): Float32Array =>
  Float32Array.from({ length: rows * dim }, () => random.next() - 0.5);

function expectedDistance(rows: Float32Array, dim: number, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) sum += (rows[a * dim + i]! - rows[b * dim + i]!) ** 2;
  return Math.sqrt(sum);
}

describe('distances to an answer', () => {
  it.each([1, 3, 4, 7, 64])('are Euclidean, with %i dimensions', (dim) => {
    const rows = matrix(5, dim);
    const out = new Float32Array(5);
    euclideanDistances(rows, Float64Array.from(rows.subarray(2 * dim, 3 * dim)), out);
    out.forEach((distance, row) => expect(distance).toBeCloseTo(expectedDistance(rows, dim, row, 2), 5));
  });

  it.each([1, 1023, 1024, 1025, 3000])('are those of all of %i rows, and stop when nobody waits', async (rows) => {
    const dim = 6;
    const all = matrix(rows, dim);
    const openEmbeddings = () => ({
      read: async (row: number, out: Float32Array) => {
        await Promise.resolve();
        out.set(all.subarray(row * dim, row * dim + out.length));
      },
      close: () => Promise.resolve(),
    });
    const dataset = { rows, dim, openEmbeddings } as unknown as Parameters<typeof distancesToRow>[0];
    const row = Math.floor(rows / 2);
    const distances = await distancesToRow(dataset, row, new AbortController().signal);
    for (const other of [0, row, rows - 1])
      expect(distances[other]).toBeCloseTo(expectedDistance(all, dim, other, row), 5);
    await expect(distancesToRow(dataset, row, AbortSignal.abort())).rejects.toThrow();
  });
});
