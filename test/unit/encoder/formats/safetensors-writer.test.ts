import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { SafetensorsFile } from '../../../../src/encoder/formats/safetensors.js';
import { type TensorToWrite, writeSafetensors } from '../../../../src/encoder/formats/safetensors-writer.js';
import { randomNormal } from '../../../support/random.js';
import { smallDisk } from '../../../support/small-disk.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const tensor = (name: string, shape: number[], seed = 1): TensorToWrite & { values: Float32Array } => {
  const values = randomNormal(
    shape.reduce((product, size) => product * size, 1),
    seed,
  );
  return { name, shape, values, read: () => values };
};

describe('writeSafetensors', () => {
  it('writes aligned tensors, in order, that the reader can read', async () => {
    const path = join(temporaryFolder(), 'model.safetensors');
    const tensors = [
      tensor('b.weight', [3, 5], 1),
      tensor('a', [7], 2),
      tensor('empty', [0, 4], 3),
      tensor('scalar', [], 4),
      tensor('é', [2, 2, 2], 5),
    ];
    await writeSafetensors(path, tensors, { format: 'pt', step: '12' });
    const file = await SafetensorsFile.open(path);
    expect([...file.tensors.keys()]).toEqual(tensors.map(({ name }) => name));
    for (const { name, shape, values } of tensors) {
      expect(file.tensors.get(name)).toMatchObject({ dtype: 'F32', shape });
      expect(await file.readFloat32(name)).toEqual(values);
    }
    await file.close();
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(bytes.length).toBe(8 + length + 4 * (15 + 7 + 0 + 1 + 8));
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, { data_offsets: number[] }>;
    expect(header['__metadata__']).toEqual({ format: 'pt', step: '12' });
    expect(header['a']!.data_offsets).toEqual([60, 88]);
  });

  it('reads each tensor only when it is written, and writes views from their start', async () => {
    const path = join(temporaryFolder(), 'x.safetensors');
    const all = randomNormal(10, 6);
    const asked: string[] = [];
    const part = (name: string, begin: number): TensorToWrite => ({
      name,
      shape: [5],
      read: () => (asked.push(name), all.subarray(begin, begin + 5)),
    });
    await writeSafetensors(path, [part('x', 0), part('y', 5)]);
    expect(asked).toEqual(['x', 'y']);
    expect([...readFileSync(path).subarray(-40)]).toEqual([...new Uint8Array(all.buffer)]);
  });

  it('keeps an existing file if it fails', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'x.safetensors');
    writeFileSync(path, 'before');
    const wrong = { ...tensor('w', [2, 3]), read: () => new Float32Array(5) };
    await expect(writeSafetensors(path, [tensor('v', [4]), wrong])).rejects.toMatchObject({
      code: 'ERR_SHAPE_MISMATCH',
      message: 'Expected 6 entries for the tensor "w" of shape [2, 3], got 5',
    });
    await expect(writeSafetensors(path, [tensor('v', [4]), tensor('v', [4])])).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringContaining('"v" more than once') as string,
    });
    await expect(writeSafetensors(path, [tensor('__metadata__', [4])])).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
    });
    expect(readFileSync(path, 'utf8')).toBe('before');
    expect(readdirSync(folder)).toEqual(['x.safetensors']);
  });

  it('writes byte ranges that the reader compares with the shapes', async () => {
    const path = join(temporaryFolder(), 'x.safetensors');
    await writeSafetensors(path, [tensor('w', [2, 3])]);
    const bytes = readFileSync(path).toString('latin1');
    for (const shape of ['[2,2]', '[2,4]']) {
      writeFileSync(path, bytes.replace('[2,3]', shape), 'latin1');
      await expect(SafetensorsFile.open(path), shape).rejects.toMatchObject({
        code: 'ERR_DATA',
        message: expect.stringContaining('its byte range has 24 bytes') as string,
      });
    }
  });

  it('names the file if the system refuses to write', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'x.safetensors'));
    await expect(writeSafetensors(join(folder, 'x.safetensors'), [tensor('v', [4])])).rejects.toMatchObject({
      message: expect.stringContaining(`Cannot write ${folder}/x.safetensors`) as string,
    });
    await expect(writeSafetensors(join(folder, 'none', 'x'), [])).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('no such file or folder') as string,
    });
  });

  it('reports a full disk and removes its output', async (context) => {
    const path = join(smallDisk(context), 'x.safetensors');
    const tensors = Array.from({ length: 20 }, (_, i) => tensor(`t${i}`, [100, 256]));
    await expect(writeSafetensors(path, tensors)).rejects.toMatchObject({
      code: 'ERR_IO',
      message: `Cannot write ${path}: no space left on the device (ENOSPC)`,
    });
    expect(existsSync(path)).toBe(false);
    expect(existsSync(`${path}.partial`)).toBe(false);
  });
});
