import { expect, it } from 'vitest';

import { allocateFloat32, allocateFloat64, allocateInt32, allocateUint8 } from '../../../src/core/allocate.js';

it('allocates zeros', () => {
  expect(allocateFloat32(2, 'two')).toEqual(new Float32Array(2));
  expect(allocateFloat64(2, 'two')).toEqual(new Float64Array(2));
  expect(allocateInt32(2, 'two')).toEqual(new Int32Array(2));
  expect(allocateUint8(0, 'none')).toEqual(new Uint8Array(0));
});

it('reports which array is too large, and its size', () => {
  expect(() => allocateFloat64(2 ** 50, 'the distances')).toThrow(
    expect.objectContaining({
      code: 'ERR_OUT_OF_MEMORY',
      message:
        'Not enough host memory for the distances: a Float64Array of 1125899906842624 entries needs 8388608.0 GiB',
      cause: expect.any(RangeError) as RangeError,
    }),
  );
});
