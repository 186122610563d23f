import { describe, expect, it } from 'vitest';

import { capabilities } from '../../src/native/capabilities.js';
import { addon } from '../../src/native/loader.js';
import { attention, bf16Bits, gelu, geluSlope, silu, siluSlope, widenBf16 } from '../support/kernel-references.js';
import { randomNormal } from '../support/random.js';
import { relativeError, TOLERANCE } from '../support/tolerances.js';

capabilities(); // applies UNIVAR_SIMD and the number of threads
const kernels = addon().testKernels;

const SIZES = [1, 15, 16, 17, 63, 1000];

/** Large, tiny and ordinary arguments of an activation. */
function activationInputs(length: number, seed: number): Float32Array {
  return randomNormal(length, seed).map((value, i) => value * [1, 4, 30, 1e-4, 1e-20][i % 5]!);
}

/** Relative to `scale`, which ends at 1e-30: below, float32 is about to run out of bits. */
function largestError(
  actual: ArrayLike<number>,
  expected: (i: number) => number,
  scale: (i: number) => number,
): number {
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(actual[i]! - expected(i)) / Math.max(scale(i), 1e-30);
    if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error;
  }
  return worst;
}

describe('attention', () => {
  const PACKED = [[1], [2, 47, 1, 48], [49, 15, 16, 17, 63], [255, 256, 257], [511, 513]];

  const run = (lengths: number[], heads: number, dim: number, scale: number) => {
    const offsets = Int32Array.from([0, ...lengths]);
    for (let i = 1; i < offsets.length; i++) offsets[i]! += offsets[i - 1]!;
    const tokens = offsets[lengths.length]!;
    const model = heads * dim;
    const qkv = randomNormal(tokens * 3 * model, tokens).map((value) => scale * value);
    const dO = randomNormal(tokens * model, tokens + 1);
    const o = new Float32Array(tokens * model);
    const lse = new Float32Array(tokens * heads);
    const o16 = new Uint16Array(o.length);
    const dqkv = new Float32Array(qkv.length).fill(NaN);
    kernels.attentionForward({ offsets, heads, headDim: dim, qkv, o, lse, o16 });
    kernels.attentionBackward({ offsets, heads, headDim: dim, qkv, o, lse, dO, dqkv });
    return { offsets, qkv, dO, o, lse, o16, dqkv };
  };

  // Blocks of keys end at 512: at 1,100 there are three. The reference takes the time, so only one size has them.
  const CASES = PACKED.flatMap((lengths) => [16, 20, 32, 64].map((dim) => ({ lengths, dim })));
  it.each([...CASES, { lengths: [1100], dim: 20 }])(
    'matches double precision at lengths $lengths and $dim dimensions',
    ({ lengths, dim }) => {
      const { offsets, qkv, dO, o, lse, o16, dqkv } = run(lengths, 2, dim, 1);
      const expected = attention(offsets, 2, dim, qkv, dO);
      expect(relativeError(o, expected.o)).toBeLessThan(TOLERANCE.f32Sum);
      expect(relativeError(lse, expected.lse)).toBeLessThan(TOLERANCE.f32Sum);
      expect(relativeError(dqkv, expected.dqkv)).toBeLessThan(TOLERANCE.f32Sum);
      expect(o16).toEqual(bf16Bits(o));
    },
  );

  it('takes its rounded output in the backward pass', () => {
    const { offsets, qkv, dO, lse, o16, dqkv } = run([2, 300, 17], 2, 20, 1);
    const rounded = new Float32Array(dqkv.length).fill(NaN);
    const widened = new Float32Array(dqkv.length).fill(NaN);
    const operands = { offsets, heads: 2, headDim: 20, qkv, lse, dO };
    kernels.attentionBackward({ ...operands, o: o16, dqkv: rounded });
    kernels.attentionBackward({ ...operands, o: widenBf16(o16), dqkv: widened });
    expect(rounded).toEqual(widened);
    expect(relativeError(rounded, dqkv)).toBeLessThan(TOLERANCE.bf16);
  });

  it('keeps its accuracy when one key takes almost all', () => {
    // Scores reach hundreds, where a float32 product has an absolute error of 1e-5 and more.
    const { offsets, qkv, dO, o, lse, dqkv } = run([300], 1, 64, 5);
    const expected = attention(offsets, 1, 64, qkv, dO);
    expect(relativeError(lse, expected.lse)).toBeLessThan(TOLERANCE.f32Sum);
    expect(relativeError(o, expected.o)).toBeLessThan(10 * TOLERANCE.f32Sum);
    expect(relativeError(dqkv, expected.dqkv)).toBeLessThan(10 * TOLERANCE.f32Sum);
  });

  it('gives a sequence the same bits alone and among others', () => {
    const { qkv, o, offsets } = run([700, 5, 100], 2, 32, 1);
    const [begin, end] = [offsets[2]!, offsets[3]!];
    const alone = new Float32Array((end - begin) * 64);
    const lse = new Float32Array((end - begin) * 2);
    kernels.attentionForward({
      offsets: Int32Array.of(0, end - begin),
      heads: 2,
      headDim: 32,
      qkv: qkv.slice(begin * 192, end * 192),
      o: alone,
      lse,
      o16: new Uint16Array(alone.length),
    });
    expect(alone).toEqual(o.slice(begin * 64, end * 64));
  });

  it('lets a NaN through instead of hiding it', () => {
    const qkv = randomNormal(40 * 96, 3);
    qkv[7 * 96 + 3] = NaN; // one query
    const o = new Float32Array(40 * 32);
    const [offsets, lse, o16] = [Int32Array.of(0, 40), new Float32Array(40), new Uint16Array(o.length)];
    kernels.attentionForward({ offsets, heads: 1, headDim: 32, qkv, o, lse, o16 });
    expect(o.subarray(7 * 32, 8 * 32).every(Number.isNaN)).toBe(true);
    expect(o.subarray(0, 7 * 32).some(Number.isNaN)).toBe(false);
  });
});

describe('activations', () => {
  it.each(SIZES)('GELU matches its exact form on %i entries', (n) => {
    const x = activationInputs(n, n);
    const dy = randomNormal(n, n + 1);
    const y = new Float32Array(n);
    const y16 = new Uint16Array(n);
    const dx = new Float32Array(n);
    const again = new Float32Array(n);
    kernels.geluForward({ x, y, y16 });
    kernels.geluBackward({ x, dy, dx, y: again });
    expect(again).toEqual(y);
    expect(
      largestError(
        y,
        (i) => gelu(x[i]!),
        (i) => Math.abs(x[i]!),
      ),
    ).toBeLessThan(3e-7);
    expect(
      largestError(
        dx,
        (i) => dy[i]! * geluSlope(x[i]!),
        (i) => Math.abs(dy[i]!),
      ),
    ).toBeLessThan(5e-7);
    expect(y16).toEqual(bf16Bits(y));
  });

  it.each(SIZES)('SwiGLU matches double precision on rows of %i', (cols) => {
    const rows = 3;
    const pair = activationInputs(rows * 2 * cols, cols);
    const dy = randomNormal(rows * cols, cols + 1);
    const y = new Float32Array(rows * cols);
    const y16 = new Uint16Array(rows * cols);
    const dpair = new Float32Array(rows * 2 * cols);
    const again = new Float32Array(rows * cols);
    kernels.swigluForward({ rows, cols, pair, y, y16 });
    kernels.swigluBackward({ rows, cols, pair, dy, dpair, y: again });
    expect(relativeError(again, y)).toBeLessThan(TOLERANCE.f32Sum);
    const up = (i: number): number => pair[i + Math.floor(i / cols) * cols]!;
    const gate = (i: number): number => pair[i + (Math.floor(i / cols) + 1) * cols]!;
    const row = (x: Float32Array, half: number): number[] =>
      [...y.keys()].map((i) => x[i + (Math.floor(i / cols) + half) * cols]!);
    expect(
      largestError(
        y,
        (i) => up(i) * silu(gate(i)),
        (i) => Math.abs(up(i) * gate(i)),
      ),
    ).toBeLessThan(5e-7);
    expect(
      largestError(
        row(dpair, 0),
        (i) => dy[i]! * silu(gate(i)),
        (i) => Math.abs(dy[i]! * gate(i)),
      ),
    ).toBeLessThan(5e-7);
    expect(
      largestError(
        row(dpair, 1),
        (i) => dy[i]! * up(i) * siluSlope(gate(i)),
        (i) => Math.abs(dy[i]! * up(i)),
      ),
    ).toBeLessThan(2e-6);
    expect(y16).toEqual(bf16Bits(y));
  });

  it.each(SIZES)('read bfloat16 as the floats that it stands for, rows of %i', (cols) => {
    const rows = 3;
    const pair16 = bf16Bits(activationInputs(rows * 2 * cols, cols));
    const dy = randomNormal(rows * cols, cols + 1);
    const results = [pair16, widenBf16(pair16)].map((pair) => {
      const x = pair.subarray(0, dy.length);
      const [y, gated, dx, dpair] = [dy.length, dy.length, dy.length, pair.length].map(
        (length) => new Float32Array(length),
      ) as [Float32Array, Float32Array, Float32Array, Float32Array];
      const [y16, again] = [new Uint16Array(dy.length), new Float32Array(dy.length)];
      kernels.geluForward({ x, y, y16 });
      kernels.geluBackward({ x, dy, dx, y: again });
      kernels.swigluForward({ rows, cols, pair, y: gated, y16 });
      kernels.swigluBackward({ rows, cols, pair, dy, dpair, y: again });
      return { y, gated, dx, dpair };
    });
    expect(results[0]).toEqual(results[1]);
  });

  it.each(SIZES)('read bfloat16 gradients, in place too, and round what they write, rows of %i', (cols) => {
    const rows = 3;
    const pair = activationInputs(rows * 2 * cols, cols);
    const x = pair.subarray(0, rows * cols);
    const dy16 = bf16Bits(randomNormal(x.length, cols + 1));
    const [dx, y, gated] = [new Float32Array(x.length), new Float32Array(x.length), new Float32Array(x.length)];
    const dpair = new Float32Array(pair.length);
    kernels.geluBackward({ x, dy: widenBf16(dy16), dx, y });
    kernels.swigluBackward({ rows, cols, pair, dy: widenBf16(dy16), dpair, y: gated });
    const [y16, gated16, dpair16] = [
      new Uint16Array(x.length),
      new Uint16Array(x.length),
      new Uint16Array(pair.length),
    ];
    kernels.swigluBackward({ rows, cols, pair, dy: dy16, dpair: dpair16, y: gated16 });
    kernels.geluBackward({ x, dy: dy16, dx: dy16, y: y16 });
    expect(dy16).toEqual(bf16Bits(dx));
    expect(y16).toEqual(bf16Bits(y));
    expect(dpair16).toEqual(bf16Bits(dpair));
    expect(gated16).toEqual(bf16Bits(gated));
  });

  it('leave a NaN a NaN', () => {
    const [y, y16] = [new Float32Array(2), new Uint16Array(2)];
    kernels.geluForward({ x: Float32Array.of(NaN, 1), y, y16 });
    expect(y[0]).toBeNaN();
    kernels.swigluForward({ rows: 1, cols: 2, pair: Float32Array.of(1, 1, NaN, 1), y, y16 });
    expect(y[0]).toBeNaN();
  });
});

describe('layer norm', () => {
  const run = (rows: number, cols: number, offset: number) => {
    const f32 = (n: number, seed: number): Float32Array => randomNormal(n, seed);
    const x = f32(rows * cols, cols).map((value) => value + offset);
    const [residual, dy] = [f32(rows * cols, cols + 1), f32(rows * cols, cols + 2)];
    const [weight, bias] = [f32(cols, cols + 3), f32(cols, cols + 4)];
    const [sum, y, dsum] = [
      new Float32Array(rows * cols),
      new Float32Array(rows * cols),
      new Float32Array(rows * cols),
    ];
    const [mean, rstd, dweight, dbias] = [
      new Float32Array(rows),
      new Float32Array(rows),
      new Float32Array(cols).fill(1),
      new Float32Array(cols).fill(2),
    ];
    const y16 = new Uint16Array(rows * cols);
    kernels.layerNormForward({ rows, cols, epsilon: 1e-12, x, residual, weight, bias, sum, mean, rstd, y, y16 });
    const dsum16 = new Uint16Array(rows * cols);
    kernels.layerNormBackward({ rows, cols, dy, sum, mean, rstd, weight, dsum, dsum16, dweight, dbias });
    expect(dsum16).toEqual(bf16Bits(dsum));

    const expected = {
      y: new Float64Array(rows * cols),
      dsum: new Float64Array(rows * cols),
      dweight: new Float64Array(cols).fill(1),
      dbias: new Float64Array(cols).fill(2),
    };
    for (let i = 0; i < rows; i++) {
      const s = Float64Array.from({ length: cols }, (_, j) => Math.fround(x[i * cols + j]! + residual[i * cols + j]!));
      const average = s.reduce((a, b) => a + b, 0) / cols;
      const scale = 1 / Math.sqrt(s.reduce((a, b) => a + (b - average) ** 2, 0) / cols + 1e-12);
      const hat = s.map((value) => (value - average) * scale);
      const g = hat.map((_, j) => dy[i * cols + j]! * weight[j]!);
      const meanG = g.reduce((a, b) => a + b, 0) / cols;
      const meanGx = g.reduce((a, b, j) => a + b * hat[j]!, 0) / cols;
      for (let j = 0; j < cols; j++) {
        expected.y[i * cols + j] = hat[j]! * weight[j]! + bias[j]!;
        expected.dsum[i * cols + j] = scale * (g[j]! - meanG - hat[j]! * meanGx);
        expected.dweight[j]! += dy[i * cols + j]! * hat[j]!;
        expected.dbias[j]! += dy[i * cols + j]!;
      }
    }
    return { y, y16, dsum, dweight, dbias, expected };
  };

  it.each([2, 15, 16, 17, 63, 384, 1000])('matches double precision on rows of %i', (cols) => {
    // So many rows that each of the 16 blocks that share the sums over rows has some.
    const { y, y16, dsum, dweight, dbias, expected } = run(61, cols, 0);
    expect(relativeError(y, expected.y)).toBeLessThan(1e-6);
    expect(relativeError(dweight, expected.dweight)).toBeLessThan(TOLERANCE.f32Sum);
    expect(relativeError(dbias, expected.dbias)).toBeLessThan(TOLERANCE.f32Sum);
    // The gradient of two entries is zero but for rounding.
    if (cols > 2) expect(relativeError(dsum, expected.dsum)).toBeLessThan(TOLERANCE.f32Sum);
    expect(y16).toEqual(bf16Bits(y));
  });

  it('keeps the variance of rows with a large offset', () => {
    for (const cols of [17, 384, 768]) {
      const { y, expected } = run(5, cols, 1e4);
      expect(relativeError(y, expected.y)).toBeLessThan(2e-6);
    }
  });

  it('gives a constant row its bias', () => {
    const ones = new Float32Array(20).fill(0.1);
    const y = new Float32Array(20);
    kernels.layerNormForward({
      rows: 1,
      cols: 20,
      epsilon: 1e-12,
      x: ones,
      residual: ones,
      weight: ones,
      bias: ones,
      sum: y.slice(),
      mean: new Float32Array(1),
      rstd: new Float32Array(1),
      y,
      y16: new Uint16Array(20),
    });
    expect(relativeError(y, ones)).toBeLessThan(1e-6);
  });
});

describe('vector operations of a training step', () => {
  it.each(SIZES)('gradient of normalisation matches double precision at %i', (cols) => {
    const rows = 7;
    const [x, dy, dx] = [
      randomNormal(rows * cols, cols),
      randomNormal(rows * cols, cols + 1),
      new Float32Array(rows * cols),
    ];
    kernels.l2NormalizeBackward({ rows, cols, x, dy, dx });
    const expected = new Float64Array(rows * cols);
    for (let i = 0; i < rows; i++) {
      const row = Array.from(x.subarray(i * cols, (i + 1) * cols));
      const norm = Math.hypot(...row);
      const dot = row.reduce((sum, value, j) => sum + value * dy[i * cols + j]!, 0) / norm;
      row.forEach((value, j) => (expected[i * cols + j] = (dy[i * cols + j]! - (dot * value) / norm) / norm));
    }
    // In one dimension the gradient is zero but for rounding.
    if (cols === 1) expect(Math.max(...dx.map(Math.abs))).toBeLessThan(1e-5);
    else expect(relativeError(dx, expected)).toBeLessThan(1e-6);
  });

  it.each([...SIZES, 70_000])('squared norm of %i entries is a sum in double precision', (n) => {
    const x = randomNormal(n, n);
    const expected = x.reduce((sum, value) => sum + value * value, 0);
    expect(Math.abs(kernels.squaredNorm({ x }) - expected) / expected).toBeLessThan(1e-12);
  });

  it.each([...SIZES, 70_001])('AdamW on %i parameters matches double precision', (n) => {
    const [grad, w, m] = [randomNormal(n, n), randomNormal(n, n + 1), randomNormal(n, n + 2)];
    const v = randomNormal(n, n + 3).map((value) => value * value);
    const after = { m: m.slice(), v: v.slice(), w: w.slice() };
    kernels.adamw({ grad, ...after, step: 3, learningRate: 1e-2, weightDecay: 0.1, scale: 0.5 });
    const expected = { m: new Float64Array(n), v: new Float64Array(n), w: new Float64Array(n) };
    for (let i = 0; i < n; i++) {
      const g = 0.5 * grad[i]!;
      expected.m[i] = 0.9 * m[i]! + 0.1 * g;
      expected.v[i] = 0.999 * v[i]! + 0.001 * g * g;
      const step = expected.m[i]! / (1 - 0.9 ** 3) / (Math.sqrt(expected.v[i]! / (1 - 0.999 ** 3)) + 1e-8);
      expected.w[i] = w[i]! - 1e-2 * (0.1 * w[i]! + step);
    }
    for (const key of ['m', 'v', 'w'] as const) expect(relativeError(after[key], expected[key])).toBeLessThan(2e-6);
  });
});
