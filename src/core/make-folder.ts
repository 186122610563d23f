import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { EngineError } from './errors.js';
import { systemCode, withFileErrors } from './file-errors.js';

/**
 * Creates a folder and those above it that are missing. One that is there stays as it is.
 *
 * Not by the option `recursive` of `mkdir`, which never returns where a file system denies that the parent of the new
 * folder exists, as /proc does.
 *
 * @param shown the path that messages name
 * @throws EngineError `ERR_DATA` if a part of the path is no folder or is too long, `ERR_IO` if the file system refuses
 */
export function makeFolder(path: string, shown = path): Promise<void> {
  return withFileErrors(`create the folder ${shown}`, () => makeWithParents(path, shown));
}

async function makeWithParents(folder: string, shown: string): Promise<void> {
  if (await makeOne(folder, shown)) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeWithParents(parent, shown);
  if (parent === folder || !(await makeOne(folder, shown)))
    throw new EngineError('ERR_IO', `Cannot create the folder ${shown}: ${parent} takes no new folders`);
}

/** False if the folder above it is missing, or seems to be. */
async function makeOne(folder: string, shown: string): Promise<boolean> {
  try {
    await mkdir(folder);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return false;
    if (code !== 'EEXIST' && code !== 'EISDIR') throw error; // EISDIR: the root, on some systems
    if (!(await stat(folder)).isDirectory())
      throw new EngineError('ERR_DATA', `Cannot create the folder ${shown}: ${folder} is not a folder`);
  }
  return true;
}
