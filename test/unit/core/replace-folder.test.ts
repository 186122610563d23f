import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { EngineError } from '../../../src/core/errors.js';
import { replaceFolder } from '../../../src/core/replace-folder.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const NAMES = new Set(['a', 'b']);
const write =
  (contents: Record<string, string>) =>
  (folder: string): Promise<void> => {
    for (const [name, text] of Object.entries(contents)) writeFileSync(join(folder, name), text);
    return Promise.resolve();
  };
const contentsOf = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

describe('replaceFolder', () => {
  it('creates a folder, fills an empty one, and replaces one of the same kind completely', async () => {
    const root = temporaryFolder();
    const target = join(root, 'deep', 'target');
    await replaceFolder(target, NAMES, write({ a: '1', b: '2' }));
    expect(contentsOf(target)).toEqual({ a: '1', b: '2' });
    await replaceFolder(target, NAMES, write({ a: '3' }));
    expect(contentsOf(target)).toEqual({ a: '3' });
    mkdirSync(join(root, 'empty'));
    await replaceFolder(join(root, 'empty'), NAMES, write({ b: '4' }));
    expect(contentsOf(join(root, 'empty'))).toEqual({ b: '4' });
    expect(readdirSync(join(root, 'deep'))).toEqual(['target']);
  });

  it('keeps the target unchanged if filling fails, and leaves nothing beside it', async () => {
    const root = temporaryFolder();
    const target = join(root, 'target');
    await replaceFolder(target, NAMES, write({ a: '1' }));
    const failing = async (folder: string): Promise<void> => {
      await write({ a: 'half' })(folder);
      throw new EngineError('ERR_IO', 'no space');
    };
    await expect(replaceFolder(target, NAMES, failing)).rejects.toThrow('no space');
    expect(contentsOf(target)).toEqual({ a: '1' });
    expect(readdirSync(root)).toEqual(['target']);
  });

  it('rejects a foreign folder and a file by name', async () => {
    const root = temporaryFolder();
    await write({ a: '1', thesis: '2' })(root);
    let called = false;
    const fill = (): Promise<void> => ((called = true), Promise.resolve());
    await expect(replaceFolder(root, NAMES, fill)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining(`${root} contains thesis`) as string,
    });
    await expect(replaceFolder(join(root, 'a'), NAMES, fill)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining(join(root, 'a')) as string,
    });
    expect(called).toBe(false);
    expect(contentsOf(root)).toEqual({ a: '1', thesis: '2' });
  });
});
