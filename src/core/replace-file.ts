import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { EngineError } from './errors.js';
import { systemCode, withFileErrors } from './file-errors.js';
import { syncFolder, writeFully } from './positioned-io.js';

/**
 * Writes a file that appears complete or not at all; an older file of that name stays until then. Several processes may
 * write the same one.
 *
 * @param parts are written one after the other, so that a large file need not be one string
 * @throws EngineError `ERR_DATA` where the folder does not exist or the path is one, `ERR_IO`
 */
export function replaceFile(path: string, parts: Iterable<string | Uint8Array>): Promise<void> {
  return replaceFileBy(path, async (handle) => {
    let position = 0;
    for (const part of parts) {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      await writeFully(handle, bytes, position);
      position += bytes.length;
    }
  });
}

/**
 * As {@link replaceFile}, for content that is written by hand.
 *
 * @param hint for the message of a failure
 */
export function replaceFileBy(
  path: string,
  write: (handle: FileHandle) => Promise<void>,
  hint?: string,
): Promise<void> {
  const target = resolve(path);
  const fresh = nameBeside(target);
  return withFileErrors(
    `write ${path}`,
    async () => {
      try {
        const handle = await open(fresh, 'wx');
        try {
          await write(handle);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(fresh, target);
      } catch (error) {
        await rm(fresh, { force: true }).catch(() => undefined); // the first error is the one that matters
        throw error;
      }
      await syncFolder(dirname(target));
    },
    hint,
  );
}

/**
 * Removes the unfinished files of processes that were killed while they wrote to a folder. Nobody else may write there.
 *
 * @throws EngineError `ERR_IO`
 */
export async function removeUnfinished(folder: string): Promise<void> {
  await withFileErrors(`write ${folder}`, async () => {
    for (const name of await readdir(folder))
      if (/^\..+\.new-[0-9a-f]{8}$/.test(name)) await rm(join(folder, name), { force: true });
  });
}

/**
 * Refuses what {@link replaceFile} would refuse, before hours of work go into the content.
 *
 * @throws EngineError `ERR_DATA`, `ERR_IO`
 */
export async function expectReplaceable(path: string): Promise<void> {
  const target = resolve(path);
  await withFileErrors(`write ${path}`, async () => {
    // Permissions do not say it all: nobody can create a file in /proc.
    const fresh = nameBeside(target);
    await writeFile(fresh, '', { flag: 'wx' });
    await rm(fresh);
    try {
      if ((await stat(target)).isDirectory()) throw new EngineError('ERR_DATA', `Cannot write ${path}: it is a folder`);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  });
}

/**
 * Refuses a folder whose file system cannot rename, as those of mounted buckets, where {@link replaceFile} would fail
 * at the end of the work.
 *
 * @throws EngineError `ERR_IO`, `ERR_DATA`
 */
export async function expectRenaming(folder: string): Promise<void> {
  const path = join(folder, `.rename-${randomUUID().slice(0, 8)}`);
  try {
    await withFileErrors(`write ${path}`, () => writeFile(path, ''));
    await withFileErrors(
      `rename a file in ${folder}`,
      () => rename(path, `${path}.renamed`),
      'Mounted buckets are so: write to a disk, and copy what is complete',
    );
  } finally {
    for (const name of [path, `${path}.renamed`]) await rm(name, { force: true }).catch(() => undefined);
  }
}

/** A name beside a file, for what is to take its place. */
function nameBeside(target: string): string {
  return join(dirname(target), `.${basename(target)}.new-${randomUUID().slice(0, 8)}`);
}
