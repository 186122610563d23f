import { describe, expect, it } from 'vitest';

import { principalComponents } from '../../../src/maps/pca.js';
import { randomClusters, randomNormal } from '../../support/random.js';

/** Computes two components in the simplest way: power iteration with deflation on the double-precision covariance. */
function reference(x: Float32Array, rows: number, dim: number): { coordinates: Float64Array; explained: number[] } {
  const mean = Array.from(
    { length: dim },
    (_, j) => Array.from({ length: rows }, (_, i) => x[i * dim + j]!).reduce((a, b) => a + b, 0) / rows,
  );
  const centred = Array.from({ length: rows }, (_, i) => mean.map((m, j) => x[i * dim + j]! - m));
  const covariance = mean.map((_, a) =>
    mean.map((_, b) => centred.reduce((sum, row) => sum + row[a]! * row[b]!, 0) / rows),
  );
  const total = covariance.reduce((sum, row, j) => sum + row[j]!, 0);
  const coordinates = new Float64Array(rows * 2);
  const explained = [0, 1].map((axis) => {
    let v = mean.map((_, j) => 1 + j * 0.01);
    let value = 0;
    for (let step = 0; step < 20_000; step++) {
      const w = covariance.map((row) => row.reduce((sum, c, j) => sum + c * v[j]!, 0));
      value = Math.hypot(...w);
      v = w.map((entry) => entry / value);
    }
    const largest = v.reduce((best, entry) => (Math.abs(entry) > Math.abs(best) ? entry : best), 0);
    v = v.map((entry) => entry * Math.sign(largest));
    centred.forEach((row, i) => (coordinates[2 * i + axis] = row.reduce((sum, entry, j) => sum + entry * v[j]!, 0)));
    covariance.forEach((row, a) => row.forEach((_, b) => (row[b]! -= value * v[a]! * v[b]!)));
    return value / total;
  });
  return { coordinates, explained };
}

describe('principal components', () => {
  it.each([
    { rows: 15, dim: 3 },
    { rows: 63, dim: 16 },
    { rows: 300, dim: 17 },
  ])('agree with double precision for $rows x $dim', async ({ rows, dim }) => {
    // far from zero, so that the mean must be subtracted first
    const x = randomClusters(rows, dim, 3, 5).map((value, i) => value * (1 + (i % dim)) + 40);
    const { coordinates, explained } = await principalComponents(x, rows, dim);
    const expected = reference(x, rows, dim);
    const extent = Math.max(...expected.coordinates.map(Math.abs));
    coordinates.forEach((value, i) => expect(Math.abs(value - expected.coordinates[i]!)).toBeLessThan(2e-5 * extent));
    explained.forEach((share, axis) => expect(share).toBeCloseTo(expected.explained[axis]!, 5));
  });

  it('refuses entries whose squares overflow', async () => {
    const x = Float32Array.of(3e38, 0, 0, 3e38, 1, 1);
    await expect(principalComponents(x, 3, 2)).rejects.toMatchObject({ code: 'ERR_NON_FINITE' });
  });

  it('sum rows of more than one chunk', async () => {
    const rows = 5000;
    const line = Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? 3 : 4) * Math.floor(i / 2));
    const { coordinates, explained } = await principalComponents(line, rows, 2);
    expect(explained[0]).toBeCloseTo(1, 6);
    expect(coordinates[2 * (rows - 1)]! - coordinates[0]!).toBeCloseTo(5 * (rows - 1), 0);
  });

  it('are zero if all rows are equal, and for the second axis of one dimension', async () => {
    const equal = await principalComponents(new Float32Array(12).fill(0.3), 4, 3);
    expect(equal).toEqual({ coordinates: new Float32Array(8), explained: [0, 0] });
    const { coordinates, explained } = await principalComponents(randomNormal(9, 1), 9, 1);
    expect(explained).toEqual([expect.closeTo(1, 6), 0]);
    expect(coordinates.filter((_, i) => i % 2 === 1).every((y) => y === 0)).toBe(true);
  });
});
