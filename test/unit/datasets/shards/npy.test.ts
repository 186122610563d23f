import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { NPY_HEADER_BYTES, npyHeader, parseNpyHeader } from '../../../../src/datasets/shards/npy.js';

/** Returns a header with the given text in NumPy's format. */
function header(text: string, version = 1): Buffer {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from('NUMPY'),
    Buffer.from([version, 0]),
    length,
    Buffer.from(text, 'latin1'),
  ]);
}

describe('npy header', () => {
  it('reads its own headers, which always have 128 bytes', () => {
    const rows = fc.integer({ min: 0, max: 2 ** 36 });
    fc.assert(
      fc.property(
        rows,
        fc.integer({ min: 1, max: 4096 }),
        fc.constantFrom('f32' as const, 'f16' as const),
        (count, dim, dtype) => {
          const bytes = npyHeader(count, dim, dtype);
          expect(bytes).toHaveLength(NPY_HEADER_BYTES);
          expect(parseNpyHeader(bytes, 'a.npy')).toEqual({ rows: count, dim, dtype, dataOffset: 128 });
        },
      ),
    );
  });

  it('equals the header of NumPy for the same array', () => {
    const text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 384), }";
    expect(npyHeader(3, 384, 'f32')).toEqual(header(`${text.padEnd(117)}\n`));
  });

  it('reads versions 2 and 3 and other spacing', () => {
    const text = "{'shape':(5,7),'fortran_order':False,'descr':'<f2'}\n";
    expect(parseNpyHeader(header(text, 2), 'a.npy')).toEqual({
      rows: 5,
      dim: 7,
      dtype: 'f16',
      dataOffset: 12 + text.length,
    });
    expect(parseNpyHeader(header(text, 3), 'a.npy').rows).toBe(5);
  });

  it.each([
    [Buffer.alloc(0), /not a NumPy array/],
    [Buffer.from('{"rows": 1, "dim": 2}'), /not a NumPy array/],
    [npyHeader(3, 4, 'f32').subarray(0, 60), /ends within its header/],
    [header("{'descr': '>f4', 'fortran_order': False, 'shape': (1, 2), }"), /type >f4/],
    [header("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }"), /type <f8/],
    [header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 2), }"), /type unknown/],
    [header("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }"), /Fortran order/],
    [header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"), /two dimensions/],
    [header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999, 9999999), }"), /impossible shape/],
    [header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", 9), /version 9/],
  ])('refuses header %#', (bytes, reason) => {
    expect(() => parseNpyHeader(bytes, 'a.npy')).toThrow(
      expect.objectContaining({ code: 'ERR_DATA', message: expect.stringMatching(reason) as string }),
    );
  });

  it('survives any damage', () => {
    const whole = npyHeader(3, 4, 'f32');
    fc.assert(
      fc.property(fc.nat(127), fc.nat(255), fc.nat(128), (at, byte, length) => {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        try {
          parseNpyHeader(bytes.subarray(0, length), 'a.npy');
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_DATA' });
        }
      }),
    );
  });
});
