import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { SafetensorsFile } from '../../../../src/encoder/formats/safetensors.js';
import {
  type StoredTensor,
  type TensorToWrite,
  writeSafetensors,
} from '../../../../src/encoder/formats/safetensors-writer.js';
import { storeTensors, type WeightType } from '../../../../src/encoder/weights/weight-types.js';
import { randomNormal } from '../../../support/random.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const MATRIX = randomNormal(8 * 24, 1);
const BIAS = randomNormal(24, 2);
const tensors: TensorToWrite[] = [
  { name: 'dense.weight', shape: [8, 24], read: () => MATRIX },
  { name: 'dense.bias', shape: [24], read: () => BIAS },
];

async function written(stored: readonly StoredTensor[]): Promise<SafetensorsFile> {
  const path = join(temporaryFolder(), 'model.safetensors');
  await writeSafetensors(path, stored);
  return SafetensorsFile.open(path);
}

async function readBack(stored: readonly StoredTensor[], name = 'dense.weight'): Promise<Float32Array> {
  const file = await written(stored);
  try {
    return await file.readFloat32(name);
  } finally {
    await file.close();
  }
}

describe('storeTensors', () => {
  it.each<[WeightType, string, number, number]>([
    ['f32', 'F32', 4 * 192, 0],
    ['f16', 'F16', 2 * 192, 2 ** -11],
    ['bf16', 'BF16', 2 * 192, 2 ** -8],
  ])('stores matrices as %s and keeps vectors', async (type, dtype, bytes, error) => {
    const file = await written(storeTensors(tensors, type));
    expect(file.tensors.get('dense.weight')).toMatchObject({ dtype, shape: [8, 24] });
    expect(file.location('dense.weight').length).toBe(bytes);
    (await file.readFloat32('dense.weight')).forEach((value, i) =>
      expect(Math.abs(value - MATRIX[i]!)).toBeLessThanOrEqual(error * Math.abs(MATRIX[i]!)),
    );
    expect(file.tensors.get('dense.bias')).toMatchObject({ dtype: 'F32' });
    expect(await file.readFloat32('dense.bias')).toEqual(BIAS);
    await file.close();
  });

  it('stores matrices as int8 with a step per row, and hides the steps from readers', async () => {
    const file = await written(storeTensors(tensors, 'int8'));
    expect([...file.tensors.keys()]).toEqual(['dense.weight', 'dense.bias']);
    const values = await file.readFloat32('dense.weight');
    for (let row = 0; row < 8; row++) {
      const largest = MATRIX.subarray(row * 24, (row + 1) * 24).reduce(
        (most, value) => Math.max(most, Math.abs(value)),
        0,
      );
      for (let i = row * 24; i < (row + 1) * 24; i++)
        expect(Math.abs(values[i]! - MATRIX[i]!)).toBeLessThanOrEqual((largest / 254) * 1.0001);
    }
    expect(await file.readFloat32('dense.bias')).toEqual(BIAS);
    await file.close();
    const header = readFileSync(file.path).toString('latin1');
    expect(header).toContain('"dense.weight":{"dtype":"I8","shape":[8,24]');
    expect(header).toContain('"dense.weight_scale":{"dtype":"F32","shape":[8,1]');
    expect(statSync(file.path).size).toBeLessThan(192 + 4 * (8 + 24) + 400);
  });

  it('names the tensor that cannot be rounded', async () => {
    const holding = (value: number): TensorToWrite[] => [
      { name: 'w', shape: [1, 2], read: () => Float32Array.of(1, value) },
    ];
    for (const type of ['f16', 'bf16', 'int8'] as const) {
      await expect(written(storeTensors(holding(NaN), type))).rejects.toMatchObject({
        code: 'ERR_DATA',
        message: expect.stringContaining('"w" holds NaN or infinity') as string,
      });
    }
    await expect(written(storeTensors(holding(1e5), 'f16'))).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('beyond 65504') as string,
    });
  });
});

describe('a damaged int8 matrix', () => {
  const [codes, steps] = storeTensors(tensors, 'int8') as [StoredTensor, StoredTensor];
  const withSteps = (change: Partial<StoredTensor>): StoredTensor[] => [codes, { ...steps, ...change }];
  const stepsWith = (value: number): Float32Array =>
    Float32Array.from({ length: 8 }, (_, row) => (row === 5 ? value : 1));

  it.each<[string, StoredTensor[], RegExp]>([
    ['no steps', [codes], /the tensor "dense\.weight_scale" with the scale of each row is missing/],
    [
      'steps for other rows',
      withSteps({ shape: [7, 1], read: () => new Float32Array(7) }),
      /is F32 \[7, 1\] for a shape of \[8, 24\], not F32 \[8, 1\]/,
    ],
    ['steps for columns', withSteps({ shape: [1, 8] }), /is F32 \[1, 8\]/],
    ['steps of another type', withSteps({ dtype: 'F16', read: () => new Uint16Array(8) }), /is F16 \[8, 1\]/],
    ['NaN for a step', withSteps({ read: () => stepsWith(NaN) }), /"dense\.weight_scale" is NaN in row 5/],
    ['an infinite step', withSteps({ read: () => stepsWith(Infinity) }), /is Infinity in row 5/],
    ['a negative step', withSteps({ read: () => stepsWith(-1) }), /is -1 in row 5/],
    [
      'one dimension',
      [
        { ...codes, shape: [192] },
        { ...steps, shape: [192], read: () => new Float32Array(192) },
      ],
      /for a shape of \[192\]/,
    ],
  ])('is rejected: %s', async (_, stored, message) => {
    await expect(readBack(stored)).rejects.toMatchObject({
      name: 'EngineError',
      code: 'ERR_DATA',
      message: expect.stringMatching(message) as string,
    });
  });

  it('can have its steps as a vector', async () => {
    expect(await readBack(withSteps({ shape: [8] }))).toEqual(await readBack(withSteps({})));
  });

  it('is reported if its steps are truncated', async () => {
    const file = await written(withSteps({}));
    await file.close();
    writeFileSync(file.path, readFileSync(file.path).subarray(0, -4));
    await expect(SafetensorsFile.open(file.path)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/weight_scale" of .* truncated/) as string,
    });
  });
});
