import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';
import { mapInGroups } from '../core/map-in-groups.js';
import { readExactly } from '../core/positioned-io.js';
import type { RowLabels } from '../core/row-labels.js';
import { expectCallback, expectInteger, expectIterable, expectOptions, expectSignal } from '../core/validate.js';
import type { QaRecord } from '../records/record.js';
import type { ShardEntry } from './manifest.js';
import { COLUMNS_AT_ONCE, loadColumn } from './shards/column-files.js';
import { parseRecord } from './shards/record-file.js';
import { firstRowsOf, shardOfRow } from './shards/shard-files.js';
import type { ValueIdColumn } from './shards/value-id-column.js';

/** Options of the reading of single records. */
export interface RecordLookupOptions {
  /** Rows that will be read. Files without any of these rows stay closed. @default all */
  rows?: Iterable<number> | undefined;
  /** Receives the value ids of every opened file, in row order. */
  onLabels?: ((labels: RowLabels) => void) | undefined;
  /** Stops the opening with `ERR_ABORTED`. */
  signal?: AbortSignal | undefined;
}

interface RecordFile {
  path: string;
  handle: FileHandle;
  ends: ValueIdColumn['ends'];
}

/**
 * Reads single records by row number. Keeps only their positions in memory: at most 4 bytes per row, unless a file has
 * 4 GiB or more. The files stay open, so reads still see the same files if the folder is replaced.
 */
export class RecordLookup implements AsyncDisposable {
  /** By shard number. */
  readonly #files: (RecordFile | undefined)[] = [];

  private constructor(private readonly firstRows: readonly number[]) {}

  /**
   * Opens the records files of a dataset and reads their value-id columns.
   *
   * @param shards all shards of the dataset in `dir`
   * @throws EngineError `ERR_ARG_RANGE` for a row that the dataset does not have; `ERR_DATA` for a file that does not
   *   match the manifest; `ERR_IO`, `ERR_ABORTED`
   */
  static async open(dir: string, shards: readonly ShardEntry[], options?: RecordLookupOptions): Promise<RecordLookup> {
    const { rows, onLabels, signal } = expectLookupOptions(options);
    const lookup = new RecordLookup(firstRowsOf(shards));
    const wanted = rows && new Set(Array.from(rows, (row) => lookup.#shardOf(row)));
    const numbers = [...shards.keys()].filter((number) => wanted?.has(number) ?? true);
    try {
      const columns = await mapInGroups(numbers, COLUMNS_AT_ONCE, async (number) => {
        const column = await loadColumn(dir, shards[number]!, signal);
        lookup.#files[number] = await openFile(dir, shards[number]!, column);
        return column;
      });
      columns.forEach((column) => onLabels?.(column));
      return lookup;
    } catch (error) {
      await lookup.close();
      throw error;
    }
  }

  /**
   * Reads the record of one row.
   *
   * @param row one of the rows that the lookup was opened for
   * @throws EngineError `ERR_ARG_RANGE` for any other row, `ERR_IO` if the file was changed after it was opened
   */
  async read(row: number): Promise<QaRecord> {
    const shard = this.#shardOf(row);
    const file = this.#files[shard];
    if (!file) throw new EngineError('ERR_ARG_RANGE', `Expected a row of the opened files for "row", got ${row}`);
    const { path, handle, ends } = file;
    const line = row - this.firstRows[shard]!;
    const begin = line === 0 ? 0 : ends[line - 1]!;
    const bytes = await withFileErrors(`read ${path}`, () => readExactly(handle, begin, ends[line]! - begin));
    const record = bytes && parseRecord(bytes);
    if (record) return record;
    throw new EngineError('ERR_IO', `${path} was changed while it was in use: row ${row} is no longer a record`);
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file?.handle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #shardOf(row: number): number {
    const rows = this.firstRows.at(-1)!;
    return shardOfRow(this.firstRows, expectInteger(row, 'row', 0, rows - 1));
  }
}

async function openFile(dir: string, { records }: ShardEntry, { ends }: ValueIdColumn): Promise<RecordFile> {
  const path = join(dir, records.file);
  const handle = await withFileErrors(`read ${path}`, () => open(path));
  const { size } = await handle.stat();
  if (size === records.bytes) return { path, handle, ends };
  await handle.close();
  throw new EngineError('ERR_DATA', `${path} was changed: expected ${records.bytes} bytes, found ${size}`);
}

function expectLookupOptions(options: RecordLookupOptions | undefined): RecordLookupOptions {
  const { rows, onLabels, signal } = expectOptions(options, 'options', ['rows', 'onLabels', 'signal']);
  if (rows !== undefined) expectIterable(rows, 'rows');
  return {
    rows: rows as RecordLookupOptions['rows'],
    onLabels: expectCallback(onLabels as RecordLookupOptions['onLabels'], 'onLabels'),
    signal: expectSignal(signal, 'signal'),
  };
}
