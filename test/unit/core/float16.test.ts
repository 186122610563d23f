import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { fromFloat16, toFloat16 } from '../../../src/core/float16.js';

const toHalf = (value: number): number => toFloat16(Float32Array.of(value))[0]!;

/** Lists every finite half from zero up, by the definition of the format. */
const FINITE = Array.from({ length: 0x7c00 }, (_, bits) => {
  const exponent = bits >> 10;
  const fraction = (bits & 0x3ff) / 1024;
  return exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
});

/**
 * Finds the bits of the nearest half by search, ties to even. The sum of two neighbours is exact in double precision.
 */
function nearest(value: number): number {
  const sign = Object.is(value, -0) || value < 0 ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  let low = 0;
  let high = FINITE.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (FINITE[middle]! <= magnitude) low = middle;
    else high = middle - 1;
  }
  const above = FINITE[low + 1] ?? 65536;
  const twice = 2 * magnitude;
  const sum = FINITE[low]! + above;
  return sign | (twice > sum || (twice === sum && low % 2 === 1) ? low + 1 : low);
}

describe('float16', () => {
  it('converts every half to its exact value and back', () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
    const values = fromFloat16(bits);
    expect([...values.subarray(0, 0x7c00)]).toEqual(FINITE);
    expect([...values.subarray(0x8000, 0xfc00)]).toEqual(FINITE.map((value) => -value));
    expect([values[0x7c00], values[0xfc00]]).toEqual([Infinity, -Infinity]);
    const back = toFloat16(values);
    const isNaNBits = (half: number): boolean => (half & 0x7fff) > 0x7c00;
    expect(bits.filter((half) => Number.isNaN(values[half]!) !== isNaNBits(half))).toHaveLength(0);
    expect(bits.filter((half) => (isNaNBits(half) ? !isNaNBits(back[half]!) : back[half] !== half))).toHaveLength(0);
  });

  it('rounds the middle between all neighbours to even, and values just beside it to the nearer one', () => {
    const hair = new Float32Array(1);
    const hairBits = new Uint32Array(hair.buffer);
    const offBy = (value: number, step: number): number => {
      hair[0] = value;
      hairBits[0] = hairBits[0]! + step;
      return hair[0];
    };
    const wrong = FINITE.filter((value, i) => {
      const middle = (value + (FINITE[i + 1] ?? 65536)) / 2;
      return toHalf(middle) !== i + (i % 2) || toHalf(offBy(middle, -1)) !== i || toHalf(offBy(middle, 1)) !== i + 1;
    });
    expect(wrong).toEqual([]);
  });

  it('rounds any float32 according to the definition', () => {
    const anyFloat = fc
      .integer({ min: 0, max: 0xffffffff })
      .map((bits) => new Float32Array(Uint32Array.of(bits).buffer)[0]!);
    fc.assert(
      fc.property(fc.oneof(anyFloat, fc.float({ min: -1, max: 1, noNaN: true })), (value) => {
        if (Number.isNaN(value)) expect(toHalf(value) & 0x7fff).toBe(0x7e00);
        else if (Math.abs(value) >= 65520) expect(toHalf(value)).toBe(value < 0 ? 0xfc00 : 0x7c00);
        else expect(toHalf(value)).toBe(nearest(value));
      }),
      { numRuns: 20_000 },
    );
  });

  it('keeps the sign of zero and of values that round to zero', () => {
    expect([0, -0, 1e-9, -1e-9, 2 ** -25, -(2 ** -25)].map(toHalf)).toEqual([0, 0x8000, 0, 0x8000, 0, 0x8000]);
  });

  it('converts a view that does not start at the beginning of its buffer', () => {
    const view = new Float32Array(10).fill(7).subarray(3, 6);
    view.set([1, -2, 0.5]);
    expect([...toFloat16(view)]).toEqual([0x3c00, 0xc000, 0x3800]);
  });
});
