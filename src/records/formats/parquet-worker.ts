/**
 * The thread that decodes a Parquet file for parquet-reader.ts. It answers each request with the rows of the next row
 * group.
 */
import { isUtf8 } from 'node:buffer';
import { parentPort, workerData } from 'node:worker_threads';

import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

import { systemCode } from '../../core/file-errors.js';

export interface ParquetTask {
  path: string;
  /** Columns to decode, if they exist. */
  wanted: readonly string[];
}

export type ParquetReply =
  | { kind: 'rows'; columns: string[]; rows: Record<string, unknown>[]; begin: number; totalRows: number }
  | { kind: 'end' }
  /** `system` is set for errors of the file system, which do not mean that the data are damaged. */
  | { kind: 'error'; reason: string; system: { code: string; syscall: string } | undefined };

async function* rowGroups({ path, wanted }: ParquetTask): AsyncGenerator<ParquetReply> {
  const file = await asyncBufferFromFile(path);
  if (file.byteLength === 0) return;
  const metadata = await parquetMetadataAsync(file);
  const columns = parquetSchema(metadata).children.map((child) => child.element.name);
  const chosen = columns.filter((name) => wanted.includes(name));
  const totalRows = Number(metadata.num_rows);
  let begin = 0;
  for (const group of metadata.row_groups) {
    const end = begin + Number(group.num_rows);
    if (end === begin) continue;
    const range = { rowStart: begin, rowEnd: end };
    const rows = await parquetReadObjects({
      file,
      metadata,
      columns: chosen,
      ...range,
      compressors,
      parsers: { stringFromBytes: decode },
    });
    if (rows.length !== end - begin)
      throw new Error(`expected ${end - begin} rows from row ${begin + 1}, found ${rows.length}`);
    yield { kind: 'rows', columns, rows, begin, totalRows };
    begin = end;
  }
}

/** Decodes UTF-8. Leaves invalid UTF-8 as bytes, so that the row is rejected and nothing is silently replaced. */
function decode(bytes: Uint8Array | undefined): string | Uint8Array | undefined {
  if (!bytes) return bytes;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  return text.includes('\uFFFD') && !isUtf8(bytes) ? bytes : text;
}

const port = parentPort!;
const replies = rowGroups(workerData as ParquetTask);
port.on('message', () => {
  replies.next().then(
    ({ value, done }) => port.postMessage(done ? { kind: 'end' } : value),
    (error: unknown) => {
      const code = systemCode(error);
      const system = code === undefined ? undefined : { code, syscall: 'read' };
      port.postMessage({ kind: 'error', reason: error instanceof Error ? error.message : String(error), system });
    },
  );
});
