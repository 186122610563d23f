import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  dequantizeRows,
  fromBfloat16,
  quantizeRows,
  toBfloat16,
} from '../../../../src/encoder/weights/weight-rounding.js';
import { randomNormal } from '../../../support/random.js';

describe('quantizeRows', () => {
  it('maps the largest entry of each row to 127 and rounds the others to the nearest, ties to even', () => {
    const { codes, scales } = quantizeRows(Float32Array.of(127, 0.5, 1.5, -2.5, 0, 0, 0, 0, -254, 2, 3, 5), 4);
    expect([...codes]).toEqual([127, 0, 2, -2, 0, 0, 0, 0, -127, 1, 2, 2]);
    expect([...scales]).toEqual([1, 0, 2]);
    expect([...dequantizeRows({ codes, scales })]).toEqual([127, 0, 2, -2, 0, 0, 0, 0, -254, 2, 4, 4]);
  });

  it('has an error of at most half a step', () => {
    const values = randomNormal(40 * 33, 7);
    const quantized = quantizeRows(values, 33);
    dequantizeRows(quantized).forEach((value, i) => {
      expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(quantized.scales[Math.floor(i / 33)]! * 0.50001);
    });
  });

  it('gives the same integers when it is applied twice, so rounding twice costs nothing', () => {
    const large = Math.fround(1e30);
    // no subnormal steps
    const entry = fc.float({ noNaN: true, min: -large, max: large }).map((x) => (Math.abs(x) < 1e-30 ? 0 : x));
    fc.assert(
      fc.property(fc.array(entry, { minLength: 6, maxLength: 6 }), (row) => {
        const first = quantizeRows(Float32Array.from(row), 6);
        const again = quantizeRows(dequantizeRows(first), 6);
        expect(again.codes).toEqual(first.codes);
        expect(Math.abs(again.scales[0]! - first.scales[0]!)).toBeLessThanOrEqual(first.scales[0]! * 2 ** -22);
      }),
    );
  });

  it('rounds rows that are too small for a step to zero, and accepts matrices without rows or columns', () => {
    expect(quantizeRows(Float32Array.of(1e-40, -1e-42), 2)).toEqual({
      codes: new Int8Array(2),
      scales: new Float32Array(1),
    });
    for (const cols of [0, 3])
      expect(dequantizeRows(quantizeRows(new Float32Array(), cols))).toEqual(new Float32Array());
  });
});

describe('toBfloat16', () => {
  it('rounds to the nearest, ties to even', () => {
    const values = Float32Array.of(
      1,
      1 + 2 ** -8,
      1 + 3 * 2 ** -8,
      1 + 2 ** -8 + 2 ** -20,
      -3.14159,
      0,
      -0,
      Infinity,
      3.4e38,
    );
    expect([...fromBfloat16(toBfloat16(values))]).toEqual([
      1,
      1,
      1 + 2 ** -6,
      1 + 2 ** -7,
      -3.140625,
      0,
      -0,
      Infinity,
      Infinity,
    ]);
    expect(fromBfloat16(toBfloat16(Float32Array.of(NaN)))).toEqual(Float32Array.of(NaN));
  });

  it('keeps every bfloat16 unchanged', () => {
    const bits = Uint16Array.from({ length: 0x7f80 }, (_, i) => i);
    expect(toBfloat16(fromBfloat16(bits))).toEqual(bits);
  });
});
