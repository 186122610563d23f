/** Value-id columns on disk, beside the records file of each shard. A missing or unusable column is computed. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { columnFile, type FileEntry, type ShardEntry } from '../manifest.js';
import { readRecordBlocks } from './record-file.js';
import { type NewFile, readIntact, writeWhole } from './shard-files.js';
import { ColumnBuilder, encodeColumn, parseColumn, type ValueIdColumn } from './value-id-column.js';

/** Columns that are read at the same time: Node.js reads files on four threads. More would only take more memory. */
export const COLUMNS_AT_ONCE = 4;

/**
 * Loads the value-id column of a shard. If its file is missing (earlier releases did not write it), damaged, or of
 * other records, the column is computed from the records and written for the next reader. A failed write is ignored.
 * Several processes can do this at the same time, because they write the same bytes.
 *
 * @throws EngineError `ERR_DATA` for a damaged records file, `ERR_IO`, `ERR_ABORTED`
 */
export async function loadColumn(dir: string, shard: ShardEntry, signal?: AbortSignal): Promise<ValueIdColumn> {
  const stored = await readColumn(dir, shard);
  if (stored) return stored;
  const { column, sha256 } = await computeColumn(dir, shard, signal);
  // Do not write the column of changed records: it is not the column of the records that the manifest names.
  if (sha256 === shard.records.sha256) await writeColumn(dir, shard.records, column).catch(() => undefined);
  return column;
}

/**
 * Writes the column of a shard unless its file exists. Used before a manifest is written.
 *
 * @returns the column, and the shard entry including the column file
 * @throws EngineError `ERR_DATA` for a changed records file, `ERR_IO`
 */
export async function ensureColumn(
  dir: string,
  shard: ShardEntry,
): Promise<{ column: ValueIdColumn; shard: ShardEntry }> {
  const stored = await readColumn(dir, shard);
  if (stored && shard.valueIds) return { column: stored, shard };
  const { column, sha256 } = stored
    ? { column: stored, sha256: shard.records.sha256 }
    : await computeColumn(dir, shard);
  if (sha256 !== shard.records.sha256) {
    throw new EngineError(
      'ERR_DATA',
      `${join(dir, shard.records.file)} was changed: ` +
        `its SHA-256 is ${sha256}, but the manifest says ${shard.records.sha256}`,
    );
  }
  return { column, shard: { ...shard, valueIds: await writeColumn(dir, shard.records, column) } };
}

/** Returns the column file of a records file, which has to be written beside it. */
export function newColumnFile(records: FileEntry, column: ValueIdColumn): NewFile {
  return { file: columnFile(records.file), parts: [encodeColumn(column, records)] };
}

function writeColumn(dir: string, records: FileEntry, column: ValueIdColumn): Promise<FileEntry> {
  const { file, parts } = newColumnFile(records, column);
  return writeWhole(dir, file, parts);
}

/** Reads the column file of a shard; returns undefined if it cannot be read or does not belong to the shard. */
async function readColumn(dir: string, shard: ShardEntry): Promise<ValueIdColumn | undefined> {
  const { valueIds, records } = shard;
  const bytes = await (valueIds ? readIntact(dir, valueIds) : readFile(join(dir, columnFile(records.file)))).catch(
    () => undefined,
  );
  return bytes && parseColumn(bytes, shard);
}

/** Computes the column from the records. Also returns the SHA-256 of those records. */
async function computeColumn(
  dir: string,
  shard: ShardEntry,
  signal?: AbortSignal,
): Promise<{ column: ValueIdColumn; sha256: string }> {
  const hash = createHash('sha256');
  const builder = new ColumnBuilder();
  const onChunk = (chunk: Buffer): void => void hash.update(chunk);
  for await (const { records, ends } of readRecordBlocks(dir, shard, { signal, onChunk }))
    records.forEach((record, i) => builder.add(record, ends[i]!));
  return { column: builder.build(), sha256: hash.digest('hex') };
}
