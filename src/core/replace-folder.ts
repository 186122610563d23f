import { randomUUID } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

import { EngineError } from './errors.js';
import { systemCode, withFileErrors } from './file-errors.js';
import { makeFolder } from './make-folder.js';
import { syncFolder } from './positioned-io.js';

/**
 * Makes a folder whose contents appear all at once: `fill` writes them to a temporary folder beside `target`, which
 * then replaces the target. If `fill` fails, the target does not change. After a crash, either the complete old folder
 * or the complete new folder exists, at worst under its temporary name.
 *
 * @param target must be missing, be empty, or contain nothing but `names`
 * @param names all names that such a folder can contain, so that files of others are never deleted
 * @throws EngineError `ERR_DATA` with the name of any other file in the target; `ERR_IO`; and any error of `fill`
 */
export async function replaceFolder(
  target: string,
  names: ReadonlySet<string>,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const path = resolve(target);
  await refuseStrangers(path, names);
  const beside = (what: string): string => `${dirname(path)}/.${basename(path)}.${what}-${randomUUID().slice(0, 8)}`;
  const fresh = beside('new');
  try {
    await makeFolder(fresh, path);
    await fill(fresh);
    await withFileErrors(`write ${path}`, () => exchange(fresh, path, beside('old')));
  } catch (error) {
    await rm(fresh, { recursive: true, force: true }).catch(() => undefined); // report the first error
    throw error;
  }
}

async function refuseStrangers(path: string, names: ReadonlySet<string>): Promise<void> {
  const stranger = (await listFolder(path)).find((entry) => !names.has(entry));
  if (stranger === undefined) return;
  throw new EngineError(
    'ERR_DATA',
    `The folder ${path} contains ${stranger}, which this command does not write; choose another folder`,
  );
}

async function listFolder(path: string): Promise<string[]> {
  return withFileErrors(`write ${path}`, async () => {
    try {
      return await readdir(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  });
}

async function exchange(fresh: string, path: string, old: string): Promise<void> {
  await syncFolder(fresh);
  const replaced = await moveAway(path, old);
  try {
    await rename(fresh, path);
  } catch (error) {
    if (replaced) await rename(old, path);
    throw error;
  }
  await syncFolder(dirname(path));
  if (replaced) await rm(old, { recursive: true, force: true });
}

/** Renames a folder. Returns false if it does not exist. */
async function moveAway(path: string, to: string): Promise<boolean> {
  try {
    await rename(path, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
