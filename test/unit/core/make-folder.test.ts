import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { makeFolder } from '../../../src/core/make-folder.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

it('creates a folder and its parents, also concurrently and if it already exists', async () => {
  const path = join(temporaryFolder(), 'a', 'b', 'c');
  await Promise.all([makeFolder(path), makeFolder(path), makeFolder(`${path}/`)]);
  await makeFolder(path);
  expect(statSync(path).isDirectory()).toBe(true);
});

it('accepts a link to a folder, and rejects anything else', async () => {
  const folder = temporaryFolder();
  const path = (name: string): string => join(folder, name);
  mkdirSync(path('there'));
  symlinkSync(path('there'), path('link'));
  symlinkSync(path('gone'), path('dangling'));
  writeFileSync(path('file'), '');
  await makeFolder(join(path('link'), 'x'));
  expect(statSync(join(path('there'), 'x')).isDirectory()).toBe(true);
  await expect(makeFolder(path('file'))).rejects.toMatchObject({
    code: 'ERR_DATA',
    message: `Cannot create the folder ${path('file')}: ${path('file')} is not a folder`,
  });
  for (const name of ['dangling', join('file', 'x')])
    await expect(makeFolder(path(name))).rejects.toMatchObject({ code: 'ERR_DATA' });
});
