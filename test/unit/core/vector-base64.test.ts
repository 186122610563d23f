import { expect, it } from 'vitest';

import { base64ToVectors, vectorsToBase64 } from '../../../src/core/vector-base64.js';

it('encodes a view from where it begins, as little-endian float32', () => {
  const text = Buffer.from([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]).toString('base64');
  expect(vectorsToBase64(Float32Array.of(7, 1, -2, 7).subarray(1, 3))).toBe(text);
  expect(base64ToVectors(text)).toEqual(Float32Array.of(1, -2));
});
