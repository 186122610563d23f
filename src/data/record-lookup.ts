import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';
import { readExactly } from '../core/positioned-io.js';
import { ByteStream } from './byte-stream.js';
import type { Dataset } from './dataset.js';
import type { QaRecord } from './record.js';

const LINE_FEED = 10;

interface RecordFile {
  path: string;
  handle: FileHandle;
  firstRow: number;
  /** Where each record begins, and the end of the last one. */
  offsets: Float64Array;
}

/**
 * The records of a dataset by row number, read from the disk when they are asked for: 8 bytes of memory a row. The files
 * stay open, so they are the same ones even when the folder is replaced.
 */
export class RecordLookup {
  private constructor(private readonly files: readonly RecordFile[]) {}

  /**
   * Reads the files once.
   *
   * @param onRecord receives every record in the order of the rows
   * @throws EngineError `ERR_DATA` where a line is no record or their number is not that of the manifest; `ERR_IO`
   */
  static async open(dataset: Dataset, onRecord: (record: QaRecord) => void): Promise<RecordLookup> {
    const files: RecordFile[] = [];
    const lookup = new RecordLookup(files);
    try {
      let firstRow = 0;
      for (const { rows, records } of dataset.manifest.shards) {
        const path = join(dataset.dir, records.file);
        const handle = await withFileErrors(`read ${path}`, () => open(path));
        files.push({ path, handle, firstRow, offsets: new Float64Array() });
        files.at(-1)!.offsets = await lineOffsets(path, rows);
        firstRow += rows;
      }
      for await (const record of dataset.records()) onRecord(record);
      return lookup;
    } catch (error) {
      await lookup.close();
      throw error;
    }
  }

  /** @throws EngineError `ERR_IO` where the file no longer holds what it did */
  async read(row: number): Promise<QaRecord> {
    const { path, handle, firstRow, offsets } = this.files[this.#fileOf(row)]!;
    const begin = offsets[row - firstRow]!;
    const bytes = await withFileErrors(`read ${path}`, () => readExactly(handle, begin, offsets[row - firstRow + 1]! - begin));
    try {
      return JSON.parse((bytes ?? Buffer.alloc(0)).toString()) as QaRecord;
    } catch (cause) {
      throw new EngineError('ERR_IO', `${path} was changed while it is in use: row ${row} is no record any more`, { cause });
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.files.map(({ handle }) => handle.close()));
  }

  /** The last file whose first row is not behind `row`. */
  #fileOf(row: number): number {
    let low = 0;
    let high = this.files.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.files[middle]!.firstRow <= row) low = middle;
      else high = middle - 1;
    }
    return low;
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
