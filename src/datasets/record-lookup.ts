import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';
import { readExactly } from '../core/positioned-io.js';
import type { QaRecord } from '../records/record.js';
import type { Dataset } from './dataset.js';
import { shardOfRow } from './shards/shard-files.js';

const LINE_FEED = 10;

interface RecordFile {
  path: string;
  handle: FileHandle;
  /** Where each record begins, and the end of the last one. */
  offsets: Float64Array;
}

/**
 * The records of a dataset by row number, read from the disk when they are asked for: 8 bytes of memory a row. The
 * files stay open, so they are the same ones even when the folder is replaced.
 */
export class RecordLookup {
  readonly #files: RecordFile[] = [];
  readonly #firstRows: number[] = [0];

  private constructor() {}

  /**
   * Reads the files once.
   *
   * @param onRecord receives every record in the order of the rows
   * @throws EngineError `ERR_DATA` where a line is no record or their number is not that of the manifest; `ERR_IO`
   */
  static async open(dataset: Dataset, onRecord: (record: QaRecord) => void): Promise<RecordLookup> {
    const lookup = new RecordLookup();
    try {
      for (const { rows, records } of dataset.manifest.shards)
        await lookup.#openFile(join(dataset.dir, records.file), rows);
      const lines = lookup.#files.map(({ offsets }) => new LineOffsets(offsets));
      for await (const block of dataset.recordBlocks((shard, chunk) => lines[shard]!.add(chunk)))
        block.forEach(onRecord);
      return lookup;
    } catch (error) {
      await lookup.close();
      throw error;
    }
  }

  /** @throws EngineError `ERR_IO` where the file no longer holds what it did */
  async read(row: number): Promise<QaRecord> {
    const shard = shardOfRow(this.#firstRows, row);
    const { path, handle, offsets } = this.#files[shard]!;
    const line = row - this.#firstRows[shard]!;
    const begin = offsets[line]!;
    const bytes = await withFileErrors(`read ${path}`, () => readExactly(handle, begin, offsets[line + 1]! - begin));
    try {
      return JSON.parse((bytes ?? Buffer.alloc(0)).toString()) as QaRecord;
    } catch (cause) {
      throw new EngineError('ERR_IO', `${path} was changed while it is in use: row ${row} is no record any more`, {
        cause,
      });
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map(({ handle }) => handle.close()));
  }

  async #openFile(path: string, rows: number): Promise<void> {
    const handle = await withFileErrors(`read ${path}`, () => open(path));
    this.#files.push({ path, handle, offsets: new Float64Array(rows + 1) });
    this.#firstRows.push(this.#firstRows.at(-1)! + rows);
  }
}

/**
 * Notes where the lines of a file end, chunk by chunk. Lines beyond the room of `ends` are those of a file that is
 * refused.
 */
class LineOffsets {
  #line = 0;
  #bytes = 0;

  constructor(private readonly ends: Float64Array) {}

  add(chunk: Buffer): void {
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) {
      if (++this.#line < this.ends.length) this.ends[this.#line] = this.#bytes + at + 1;
    }
    this.#bytes += chunk.length;
  }
}
