import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { EngineError } from './errors.js';
import { systemCode, withFileErrors } from './file-errors.js';

/**
 * Creates a folder and its missing parents. An existing folder is left unchanged.
 *
 * It does not use the option `recursive` of `mkdir`, which never returns on a file system that denies the existence of
 * the new folder's parent, such as /proc.
 *
 * @param shown the path to show in messages
 * @throws EngineError `ERR_DATA` if a part of the path is not a folder or is too long; `ERR_IO` if the file system
 *   refuses
 */
export function makeFolder(path: string, shown = path): Promise<void> {
  return withFileErrors(`create the folder ${shown}`, () => makeWithParents(path, shown));
}

async function makeWithParents(folder: string, shown: string): Promise<void> {
  if (await makeOne(folder, shown)) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeWithParents(parent, shown);
  if (parent === folder || !(await makeOne(folder, shown)))
    throw new EngineError('ERR_IO', `Cannot create the folder ${shown}: ${parent} does not accept new folders`);
}

/** Creates one folder. Returns false if its parent is missing or seems to be. */
async function makeOne(folder: string, shown: string): Promise<boolean> {
  try {
    await mkdir(folder);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return false;
    if (code !== 'EEXIST' && code !== 'EISDIR') throw error; // EISDIR: the root folder on some systems
    if (!(await stat(folder)).isDirectory())
      throw new EngineError('ERR_DATA', `Cannot create the folder ${shown}: ${folder} is not a folder`);
  }
  return true;
}
