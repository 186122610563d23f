import { describe, expect, it } from 'vitest';

import { matmul } from '../../src/native/matmul.js';
import { l2Normalize, pool } from '../../src/native/vectors.js';
import { randomNormal } from '../support/random.js';
import { relativeError, TOLERANCE } from '../support/tolerances.js';

const SIZES = [1, 15, 16, 17, 63, 384, 1000];

describe('l2Normalize', () => {
  it.each(SIZES)('matches double precision at dim %i', async (dim) => {
    const rows = 37;
    const x = randomNormal(rows * dim, dim);
    x.fill(0, dim, 2 * dim);
    const expected = Float64Array.from(x, (value, i) => {
      const row = x.subarray(i - (i % dim), i - (i % dim) + dim);
      return value / Math.max(Math.sqrt(row.reduce((sum, entry) => sum + entry * entry, 0)), 1e-12);
    });
    expect(relativeError(await l2Normalize(x, { dim }), expected)).toBeLessThan(TOLERANCE.f64Sum);
  });

  it('neither overflows nor underflows', async () => {
    const y = await l2Normalize(Float32Array.of(3e38, 3e38, 3e-38, 4e-38), { dim: 2 });
    expect([...y.subarray(0, 2)]).toEqual([Math.fround(Math.SQRT1_2), Math.fround(Math.SQRT1_2)]);
    expect(y.every(Number.isFinite)).toBe(true);
  });

  it('writes in place when asked to', async () => {
    const x = Float32Array.of(3, 4);
    expect(await l2Normalize(x, { dim: 2, out: x })).toBe(x);
    expect([...x]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  });
});

describe('pool', () => {
  const offsets = Int32Array.of(0, 3, 3, 4, 21);

  it.each(SIZES)('matches double precision at dim %i', async (dim) => {
    const hidden = randomNormal(21 * dim, dim + 1);
    const mean = new Float64Array(4 * dim);
    const cls = new Float64Array(4 * dim);
    for (let s = 0; s < 4; s++) {
      for (let t = offsets[s]!; t < offsets[s + 1]!; t++) {
        for (let j = 0; j < dim; j++) {
          mean[s * dim + j]! += hidden[t * dim + j]! / (offsets[s + 1]! - offsets[s]!);
          if (t === offsets[s]) cls[s * dim + j] = hidden[t * dim + j]!;
        }
      }
    }
    expect(relativeError(await pool({ hidden, offsets, dim, pooling: 'mean' }), mean)).toBeLessThan(TOLERANCE.f64Sum);
    expect(relativeError(await pool({ hidden, offsets, dim, pooling: 'cls' }), cls)).toBe(0);
  });

  it('refuses offsets that do not fit', async () => {
    const hidden = new Float32Array(6);
    await expect(pool({ hidden, offsets: Int32Array.of(0, 2), dim: 2, pooling: 'mean' })).rejects.toMatchObject({
      code: 'ERR_SHAPE_MISMATCH',
    });
    await expect(pool({ hidden, offsets: Int32Array.of(0, 4, 3), dim: 2, pooling: 'mean' })).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
    });
    await expect(pool({ hidden, offsets: Int32Array.of(), dim: 2, pooling: 'mean' })).rejects.toMatchObject({
      code: 'ERR_SHAPE_MISMATCH',
    });
  });
});

describe('matmul', () => {
  const [m, n, k] = [33, 65, 17];
  const a = randomNormal(m * k, 1);
  const b = randomNormal(k * n, 2);

  for (const precision of ['f32', 'bf16'] as const) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        it(`matches double precision: ${precision}, transposeA ${transposeA}, transposeB ${transposeB}`, async () => {
          const expected = new Float64Array(m * n);
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n; j++) {
              for (let t = 0; t < k; t++) {
                expected[i * n + j]! += a[transposeA ? t * m + i : i * k + t]! * b[transposeB ? j * k + t : t * n + j]!;
              }
            }
          }
          const actual = await matmul(a, b, m, n, k, { transposeA, transposeB, precision });
          expect(relativeError(actual, expected)).toBeLessThan(
            precision === 'bf16' ? TOLERANCE.bf16 : TOLERANCE.f32Sum,
          );
        });
      }
    }
  }
});
