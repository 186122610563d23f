import { describe, expect, it } from 'vitest';

import { copyBytes, type LabelledRows, vectorParameters } from '../../../../src/search/pgvector/vector-bytes.js';

const hex = (bytes: Buffer): string => bytes.toString('hex');

describe('the binary formats', () => {
  it('of a vector are its dimension, two zero bytes and big-endian entries', () => {
    const vectors = Float32Array.of(1, -2, 0.5, 65504);
    expect(vectorParameters(vectors, 2, 'f32').map(hex)).toEqual([
      '000200003f800000c0000000',
      '000200003f000000477fe000',
    ]);
    expect(vectorParameters(vectors, 2, 'f16').map(hex)).toEqual(['000200003c00c000', '0002000038007bff']);
    expect(vectors).toEqual(Float32Array.of(1, -2, 0.5, 65504));
  });

  it('can be those of a part of a larger array', () => {
    expect(vectorParameters(Float32Array.of(7, 1).subarray(1), 1, 'f32').map(hex)).toEqual(['000100003f800000']);
  });

  it('of COPY are rows of four fields, each preceded by its length, or -1 for null', async () => {
    const done: number[] = [];
    const bytes = await collect(
      copyBytes(batches(), { dim: 1, storage: 'f32', hasDigests: false }, (rows) => done.push(rows)),
    );
    const rows = [
      '0004 00000004 00000005 00000002 6d24 00000003 656e67 00000008 000100003f800000',
      '0004 00000004 00000006 ffffffff ffffffff 00000008 0001000040000000',
    ];
    expect(hex(bytes)).toBe(['5047434f50590aff0d0a00 00000000 00000000', ...rows, 'ffff'].join('').replaceAll(' ', ''));
    expect(done).toEqual([1, 2]);
  });
});

async function* batches(): AsyncGenerator<LabelledRows> {
  yield { vectors: Float32Array.of(1), valueIds: ['m$$eng'], labels: Int32Array.of(5) };
  yield await Promise.resolve({ vectors: Float32Array.of(2), valueIds: undefined, labels: Int32Array.of(6) });
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
