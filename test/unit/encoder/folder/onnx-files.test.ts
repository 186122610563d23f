import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EngineError } from '../../../../src/core/errors.js';
import { externalDataLocations } from '../../../../src/encoder/folder/onnx-files.js';
import { onnxModel, type TensorSpec } from '../../../support/onnx-bytes.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const tensor = (data: string | Float32Array): TensorSpec => ({ name: 'w', dims: [2, 3], data });

function write(bytes: Uint8Array): string {
  const file = join(temporaryFolder(), 'model.onnx');
  writeFileSync(file, bytes);
  return file;
}

describe('externalDataLocations', () => {
  it('lists each file once, also those of constants', () => {
    const model = onnxModel({
      inputs: [],
      outputs: [],
      nodes: [{ op: 'Constant', inputs: [], outputs: ['c'], value: tensor('constants.bin') }],
      weights: [tensor('weights.bin'), tensor(new Float32Array(6)), tensor('größe.bin'), tensor('weights.bin')],
    });
    expect(externalDataLocations(write(model))).toEqual(['constants.bin', 'weights.bin', 'größe.bin']);
  });

  it('names those of a graph inside a node', () => {
    const body = { inputs: [], outputs: [], nodes: [], weights: [tensor('loop.bin')] };
    const nodes = [{ op: 'Loop', inputs: [], outputs: [], body }];
    expect(externalDataLocations(write(onnxModel({ inputs: [], outputs: [], nodes, weights: [] })))).toEqual([
      'loop.bin',
    ]);
  });

  it('skips weights inside the file that are larger than its read window', () => {
    const weights = [{ name: 'w', dims: [100_000], data: new Float32Array(100_000).fill(1.1) }, tensor('weights.bin')];
    expect(externalDataLocations(write(onnxModel({ inputs: [], outputs: [], nodes: [], weights })))).toEqual([
      'weights.bin',
    ]);
  });

  it('rejects files that are not graphs or are truncated', () => {
    const whole = onnxModel({ inputs: [], outputs: [], nodes: [], weights: [tensor('weights.bin')] });
    for (const bytes of [new Uint8Array(), Buffer.from('<html>not found</html>'), whole.subarray(0, -1)]) {
      expect(() => externalDataLocations(write(bytes))).toThrow(/model\.onnx is not a complete ONNX file/);
    }
    expect(() => externalDataLocations(join(temporaryFolder(), 'none'))).toThrow(EngineError);
  });

  it('returns locations or an EngineError for any bytes', () => {
    const file = write(new Uint8Array());
    const whole = onnxModel({
      inputs: [],
      outputs: [],
      nodes: [],
      weights: [tensor('weights.bin'), tensor('more.bin')],
    });
    const damaged = fc
      .tuple(fc.nat(whole.length - 1), fc.nat(255))
      .map(([at, byte]) => Buffer.concat([whole.subarray(0, at), Buffer.of(byte), whole.subarray(at + 1)]));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), (bytes) => {
        writeFileSync(file, bytes);
        try {
          expect(Array.isArray(externalDataLocations(file))).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ name: 'EngineError', code: 'ERR_DATA' });
        }
      }),
      { numRuns: 500 },
    );
  });
});
