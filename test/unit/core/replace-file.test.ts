import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { expectReplaceable, replaceFile } from '../../../src/core/replace-file.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

describe('replaceFile', () => {
  it('writes parts in order and replaces an older file', async () => {
    const path = join(temporaryFolder(), 'a.txt');
    writeFileSync(path, 'something much longer than the new content');
    await replaceFile(path, ['é1', Buffer.from('2'), '3']);
    expect(readFileSync(path, 'utf8')).toBe('é123');
  });

  it('keeps the older file, and leaves nothing else, if a part fails', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.txt');
    writeFileSync(path, 'older');
    function* parts(): Generator<string> {
      yield 'begun';
      throw new Error('no more');
    }
    await expect(replaceFile(path, parts())).rejects.toThrow('no more');
    expect(readdirSync(folder)).toEqual(['a.txt']);
    expect(readFileSync(path, 'utf8')).toBe('older');
  });

  it('and its preliminary check reject a folder, and a path in a missing folder', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'file'), '');
    for (const path of [join(folder, 'sub'), join(folder, 'missing', 'a'), join(folder, 'file', 'a')]) {
      await expect(replaceFile(path, [''])).rejects.toMatchObject({
        name: 'EngineError',
        message: expect.stringContaining(path) as string,
      });
      await expect(expectReplaceable(path)).rejects.toMatchObject({
        code: 'ERR_DATA',
        message: expect.stringContaining(path) as string,
      });
    }
    expect(readdirSync(folder).sort()).toEqual(['file', 'sub']);
  });
});
