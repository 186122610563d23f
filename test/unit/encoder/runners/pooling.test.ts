import { describe, expect, it } from 'vitest';

import { poolPadded } from '../../../../src/encoder/runners/pooling.js';
import { randomNormal } from '../../../support/random.js';
import { relativeError, TOLERANCE } from '../../../support/tolerances.js';

const lengths = [5, 1, 3, 4];
const offsets = Int32Array.of(0, 5, 6, 9, 13);
const longest = 5;

describe.each([1, 15, 16, 17, 63, 384, 1000])('poolPadded at dim %i', (dim) => {
  const hidden = randomNormal(lengths.length * longest * dim, dim);
  // Padding can have any content.
  lengths.forEach((length, s) => hidden.fill(NaN, (s * longest + length) * dim, (s + 1) * longest * dim));
  const at = (s: number, t: number, j: number): number => hidden[(s * longest + t) * dim + j]!;
  const mean = Float64Array.from({ length: lengths.length * dim }, (_, i) => {
    const s = Math.floor(i / dim);
    return (
      Array.from({ length: lengths[s]! }, (__, t) => at(s, t, i % dim)).reduce((sum, value) => sum + value) /
      lengths[s]!
    );
  });

  it('averages the tokens', () => {
    expect(relativeError(poolPadded(hidden, offsets, longest, dim, 'mean', false), mean)).toBeLessThan(
      TOLERANCE.f64Sum,
    );
  });

  it('returns the first token', () => {
    const first = Float64Array.from(mean, (_, i) => at(Math.floor(i / dim), 0, i % dim));
    expect(relativeError(poolPadded(hidden, offsets, longest, dim, 'cls', false), first)).toBe(0);
  });

  it('scales to unit length', () => {
    const unit = mean.map((value, i) => {
      const row = mean.subarray(i - (i % dim), i - (i % dim) + dim);
      return value / Math.sqrt(row.reduce((sum, entry) => sum + entry * entry, 0));
    });
    expect(relativeError(poolPadded(hidden, offsets, longest, dim, 'mean', true), unit)).toBeLessThan(TOLERANCE.f64Sum);
  });
});

it('keeps a zero vector', () => {
  expect(poolPadded(new Float32Array(4), Int32Array.of(0, 2), 2, 2, 'mean', true)).toEqual(new Float32Array(2));
});
