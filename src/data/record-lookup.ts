import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';
import { readExactly } from '../core/positioned-io.js';
import { ByteStream } from './byte-stream.js';
import type { Dataset } from './dataset.js';
import { ROWS_FILE } from './manifest.js';
import type { QaRecord } from './record.js';

const LINE_FEED = 10;

/**
 * The records of a dataset by row number, read from the disk when they are asked for: 8 bytes of memory a row. The file
 * stays open, so it is the same one even when the folder is replaced.
 */
export class RecordLookup {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    /** Where each record begins, and the end of the last one. */
    private readonly offsets: Float64Array,
  ) {}

  /**
   * Reads the file once.
   *
   * @param onRecord receives every record in the order of the rows
   * @throws EngineError `ERR_DATA` where a line is no record or their number is not that of the manifest; `ERR_IO`
   */
  static async open(dataset: Dataset, onRecord: (record: QaRecord) => void): Promise<RecordLookup> {
    const path = join(dataset.dir, ROWS_FILE);
    const handle = await withFileErrors(`read ${path}`, () => open(path));
    try {
      const offsets = await lineOffsets(path, dataset.rows);
      for await (const record of dataset.records()) onRecord(record);
      return new RecordLookup(path, handle, offsets);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** @throws EngineError `ERR_IO` where the file no longer holds what it did */
  async read(row: number): Promise<QaRecord> {
    const begin = this.offsets[row]!;
    const bytes = await withFileErrors(`read ${this.path}`, () => readExactly(this.handle, begin, this.offsets[row + 1]! - begin));
    try {
      return JSON.parse((bytes ?? Buffer.alloc(0)).toString()) as QaRecord;
    } catch (cause) {
      throw new EngineError('ERR_IO', `${this.path} was changed while it is in use: row ${row} is no record any more`, { cause });
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

async function lineOffsets(path: string, rows: number): Promise<Float64Array> {
  const offsets = new Float64Array(rows + 1);
  let row = 0;
  let offset = 0;
  for await (const chunk of new ByteStream(path).chunks()) {
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) {
      row++;
      if (row <= rows) offsets[row] = offset + at + 1;
    }
    offset += chunk.length;
  }
  if (row !== rows) throw new EngineError('ERR_DATA', `${path} has ${row} lines, but the manifest says ${rows}`);
  return offsets;
}
