import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { EngineError } from './errors.js';
import { systemCode, withFileErrors } from './file-errors.js';
import { syncFolder, writeFully } from './positioned-io.js';

/**
 * Writes a file that appears either complete or not at all. Until then, an older file of that name stays. Several
 * processes can write the same file.
 *
 * @param parts are written one after the other, so that a large file does not have to be one string
 * @param hint sentence to append to the message of a failure
 * @throws EngineError `ERR_DATA` if the folder does not exist or the path is a folder; `ERR_IO`
 */
export function replaceFile(path: string, parts: Iterable<string | Uint8Array>, hint?: string): Promise<void> {
  const write = async (handle: FileHandle): Promise<void> => {
    let position = 0;
    for (const part of parts) {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      await writeFully(handle, bytes, position);
      position += bytes.length;
    }
  };
  return replaceFileBy(path, write, hint);
}

/**
 * Replaces a file as {@link replaceFile} does, with a function that writes the content.
 *
 * @param hint sentence to append to the message of a failure
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
        await rm(fresh, { force: true }).catch(() => undefined); // report the first error
        throw error;
      }
      await syncFolder(dirname(target));
    },
    hint,
  );
}

/**
 * Removes the unfinished files of processes that were killed while they wrote to a folder. No other process may be
 * writing to it.
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
 * Fails if {@link replaceFile} would fail, before hours of work go into the content.
 *
 * @throws EngineError `ERR_DATA`, `ERR_IO`
 */
export async function expectReplaceable(path: string): Promise<void> {
  const target = resolve(path);
  await withFileErrors(`write ${path}`, async () => {
    // Permissions are not enough: nobody can create a file in /proc.
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
 * Fails if the file system of a folder cannot rename files, as on many mounted buckets, because {@link replaceFile}
 * would fail there at the end of the work.
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
      'Many mounted buckets cannot do this: write to a disk, and copy the complete result',
    );
  } finally {
    for (const name of [path, `${path}.renamed`]) await rm(name, { force: true }).catch(() => undefined);
  }
}

/** Returns the name of a temporary file beside the file that it will replace. */
function nameBeside(target: string): string {
  return join(dirname(target), `.${basename(target)}.new-${randomUUID().slice(0, 8)}`);
}
