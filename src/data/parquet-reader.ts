/** Parquet, one row group in memory at a time: files are written with row groups so that this is possible. */
import { isUtf8 } from 'node:buffer';

import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

import { EngineError } from '../core/errors.js';
import { checkAborted, fileError, systemCode } from './file-errors.js';
import type { RawRow, RowSource } from './raw-row.js';

/**
 * Opens a Parquet file. The line of a row is its number, counted from 1.
 *
 * @param wanted columns to read where they exist; the others are never decoded
 * @throws EngineError `ERR_DATA` for a missing, truncated or damaged file, also later from the blocks; `ERR_IO`
 */
export async function openParquet(path: string, wanted: readonly string[], signal?: AbortSignal): Promise<RowSource> {
  const file = await guard(path, () => asyncBufferFromFile(path));
  if (file.byteLength === 0) return { columns: [], blocks: nothing(), progress: () => 1 };
  const metadata = await guard(path, () => parquetMetadataAsync(file));
  const columns = parquetSchema(metadata).children.map((child) => child.element.name);
  let done = 0;
  async function* blocks(): AsyncGenerator<RawRow[]> {
    for (const [begin, end] of rowGroups(metadata)) {
      checkAborted(signal);
      const rows = await guard(path, () =>
        parquetReadObjects({
          file,
          metadata,
          columns: columns.filter((name) => wanted.includes(name)),
          rowStart: begin,
          rowEnd: end,
          compressors,
          parsers: { stringFromBytes: decode },
        }),
      );
      if (rows.length !== end - begin) {
        throw new EngineError('ERR_DATA', `${path} is damaged: rows ${begin + 1} to ${end} are ${rows.length} rows`);
      }
      yield rows.map((cells, i) => ({ line: begin + i + 1, cells, text: undefined }));
      done = end;
    }
  }
  return { columns, blocks: blocks(), progress: () => done / Math.max(1, Number(metadata.num_rows)) };
}

function* rowGroups(metadata: FileMetaData): Generator<[begin: number, end: number]> {
  let begin = 0;
  for (const group of metadata.row_groups) {
    const end = begin + Number(group.num_rows);
    if (end > begin) yield [begin, end];
    begin = end;
  }
}

/** Bytes that are not UTF-8 stay bytes, so that the row is refused and nothing is silently replaced. */
function decode(bytes: Uint8Array | undefined): string | Uint8Array | undefined {
  if (!bytes) return bytes;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  return text.includes('\uFFFD') && !isUtf8(bytes) ? bytes : text;
}

async function guard<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (systemCode(error) !== undefined) throw fileError(error, `read ${path}`);
    const reason = error instanceof Error ? error.message : String(error);
    throw new EngineError('ERR_DATA', `${path} is not a Parquet file, truncated or damaged: ${reason}`, { cause: error });
  }
}

async function* nothing(): AsyncGenerator<RawRow[]> {
  // An empty file has no rows; the caller says so.
}
