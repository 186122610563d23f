/** The files of a shard, which are written atomically and have checksums, and the rows that they hold. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { systemCode, withFileErrors } from '../../core/file-errors.js';
import { replaceFile } from '../../core/replace-file.js';
import type { FileEntry, ShardEntry } from '../manifest.js';

/** A file that is to be written. */
export interface NewFile {
  /** Path within the dataset folder. */
  file: string;
  /** Its content, in chunks. */
  parts: readonly Uint8Array[];
}

/** Computes the size and checksum of a file that is to be written. */
export function describeFile({ file, parts }: NewFile): FileEntry {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const part of parts) {
    hash.update(part);
    bytes += part.length;
  }
  return { file, bytes, sha256: hash.digest('hex') };
}

/**
 * Writes a file atomically: it appears under its name once it is complete and on disk, and replaces an older one.
 * Several processes, even on different machines, can write the same file.
 *
 * @param hint text for the error message of a failure
 * @throws EngineError `ERR_IO`
 */
export async function writeWhole(
  dir: string,
  file: string,
  parts: readonly Uint8Array[],
  hint?: string,
): Promise<FileEntry> {
  await replaceFile(join(dir, file), parts, hint);
  return describeFile({ file, parts });
}

/** Reads a file if it exists and is unchanged; otherwise returns undefined. */
export async function readIntact(dir: string, { file, bytes, sha256 }: FileEntry): Promise<Buffer | undefined> {
  const path = join(dir, file);
  try {
    // Check the size first, so that a file of the wrong size is never read into memory.
    if ((await stat(path)).size !== bytes) return undefined;
    const content = await readFile(path);
    return createHash('sha256').update(content).digest('hex') === sha256 ? content : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    return withFileErrors(`read ${path}`, () => Promise.reject(error as Error));
  }
}

/** Lists the first row of each shard, followed by the total number of rows. */
export function firstRowsOf(shards: readonly Pick<ShardEntry, 'rows'>[]): number[] {
  const firstRows = [0];
  for (const { rows } of shards) firstRows.push(firstRows.at(-1)! + rows);
  return firstRows;
}

/**
 * Finds the shard that holds a row.
 *
 * @param firstRows see {@link firstRowsOf}
 */
export function shardOfRow(firstRows: readonly number[], row: number): number {
  let low = 0;
  let high = firstRows.length - 2;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (firstRows[middle]! <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}
