import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { MINI_ENCODER } from '../../src/encoder/default-encoder.js';
import { loadEncoder } from '../../src/encoder/load-encoder.js';
import { writeRandomEncoder } from '../../src/encoder/random-encoder.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describe('encoders with random weights', () => {
  it('have the requested size and vectors of unit length', async () => {
    const folder = join(temporaryFolder(), 'random');
    expect(await writeRandomEncoder(folder, { layers: 2, hidden: 64, inner: 96 })).toBeGreaterThan(30_000 * 64);
    const encoder = await loadEncoder(folder);
    const { embeddings, dim } = await encoder.encode(['Is honesty a duty?', 'Yes.']);
    await encoder.dispose();
    expect(dim).toBe(64);
    for (const row of [0, 1]) expect(Math.hypot(...embeddings.subarray(row * dim, (row + 1) * dim))).toBeCloseTo(1, 5);
  });

  it('use tokenizer and settings of a folder without weights, and are equal for the same seed', async () => {
    const folder = temporaryFolder();
    const like = join(folder, 'like');
    cpSync(MINI_ENCODER, like, { recursive: true, filter: (path) => !path.endsWith('model.safetensors') });
    const write = async (name: string, seed: number): Promise<Buffer> => {
      await writeRandomEncoder(join(folder, name), { layers: 1, hidden: 32, like, seed });
      return readFileSync(join(folder, name, 'model.safetensors'));
    };
    const first = await write('first', 1);
    expect((await write('again', 1)).equals(first)).toBe(true);
    expect((await write('other', 2)).equals(first)).toBe(false);
    expect(readFileSync(join(folder, 'first', 'tokenizer.json'))).toEqual(
      readFileSync(join(MINI_ENCODER, 'tokenizer.json')),
    );
  });

  it('reject impossible sizes, and leave nothing', async () => {
    const target = join(temporaryFolder(), 'random');
    await expect(writeRandomEncoder(target, { layers: 1, hidden: 64, heads: 3 })).rejects.toThrow(
      'Expected a divisor of "hidden", which is 64, for "heads", got 3',
    );
    await expect(writeRandomEncoder(target, { layers: 1, hidden: 64, like: temporaryFolder() })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('lacks modules.json') as string,
    });
    await expect(loadEncoder(target)).rejects.toThrow('is not a folder with a model');
  });
});
