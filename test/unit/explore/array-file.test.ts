import { describe, expect, it } from 'vitest';

import { decodeArrays, encodeArrays } from '../../../src/explore/derived/array-file.js';

const file = {
  made: { shards: ['ab'] },
  data: [{ label: 'Łódź' }],
  arrays: { coordinates: Float32Array.of(1.5, -2, 3), rows: Int32Array.of(7), none: new Uint32Array(0) },
};
const bytesOf = (): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(encodeArrays(file)));

describe('a file of arrays', () => {
  it('gives back what was written, also from an address that is not aligned', () => {
    expect(decodeArrays(bytesOf())).toEqual(file);
    const bytes = bytesOf();
    const moved = new Uint8Array(bytes.length + 1);
    moved.set(bytes, 1);
    expect(decodeArrays(moved.subarray(1))).toEqual(file);
  });

  it('is refused if any byte differs, is missing or is added', () => {
    const bytes = bytesOf();
    for (let i = 0; i < bytes.length; i++) {
      const damaged = bytes.slice();
      damaged[i]! ^= 1;
      expect(decodeArrays(damaged), `byte ${i}`).toBeUndefined();
      expect(decodeArrays(bytes.slice(0, i)), `the first ${i} bytes`).toBeUndefined();
    }
    expect(decodeArrays(Uint8Array.from([...bytes, 0]))).toBeUndefined();
  });
});
