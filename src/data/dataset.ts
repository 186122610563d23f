import { existsSync } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { ByteStream } from './byte-stream.js';
import { bytesToEmbeddings } from './embedding-bytes.js';
import { withFileErrors } from '../core/file-errors.js';
import { hashFile } from './input-files.js';
import { JOURNAL_FILE } from './journal.js';
import { readJsonl } from './jsonl-reader.js';
import { EMBEDDINGS_FILE, MANIFEST_FILE, PARTIAL, readManifest, ROWS_FILE, type DatasetManifest } from './manifest.js';
import { ENTRY_BYTES, NPY_HEADER_BYTES, parseNpyHeader, type NpyHeader } from './npy.js';
import { readFully } from '../core/positioned-io.js';
import type { QaRecord } from './record.js';

/** Bytes that are read at once when all embeddings are. */
const READ_BYTES = 16 * 2 ** 20;

/** A complete dataset folder. It holds no open files, so there is nothing to close. */
export class Dataset {
  /** Use {@link openDataset}, which checks the files. */
  constructor(
    readonly dir: string,
    readonly manifest: DatasetManifest,
    private readonly header: NpyHeader,
  ) {}

  get rows(): number {
    return this.manifest.rows;
  }

  get dim(): number {
    return this.manifest.dim;
  }

  /**
   * All embeddings, [rows, dim]; f16 is widened.
   *
   * @throws EngineError `ERR_OUT_OF_MEMORY`, `ERR_DATA`, `ERR_IO`
   */
  async readEmbeddings(): Promise<Float32Array> {
    const { rows, dim } = this;
    let all: Float32Array;
    try {
      all = new Float32Array(rows * dim);
    } catch (error) {
      const gib = ((rows * dim * 4) / 2 ** 30).toFixed(1);
      throw new EngineError('ERR_OUT_OF_MEMORY', `The ${rows} x ${dim} embeddings of ${this.dir} need ${gib} GiB in one array`, { cause: error });
    }
    const rowsAtOnce = Math.max(1, Math.floor(READ_BYTES / (dim * 4)));
    await this.#withEmbeddings(async (handle) => {
      for (let row = 0; row < rows; row += rowsAtOnce) {
        await this.#readRows(handle, row, all.subarray(row * dim, Math.min(rows, row + rowsAtOnce) * dim));
      }
    });
    return all;
  }

  /**
   * The embeddings in order, in fresh arrays [rowsPerBatch, dim]; the last one may be shorter.
   *
   * @throws EngineError `ERR_ARG_RANGE`, `ERR_DATA`, `ERR_IO`
   */
  async *embeddingBatches(rowsPerBatch: number): AsyncGenerator<Float32Array> {
    if (!Number.isInteger(rowsPerBatch) || rowsPerBatch < 1) {
      throw new EngineError('ERR_ARG_RANGE', `Expected an integer >= 1 for "rowsPerBatch", got ${rowsPerBatch}`);
    }
    for (let row = 0; row < this.rows; row += rowsPerBatch) {
      const batch = new Float32Array((Math.min(this.rows, row + rowsPerBatch) - row) * this.dim);
      await this.#withEmbeddings((handle) => this.#readRows(handle, row, batch));
      yield batch;
    }
  }

  /**
   * The records in the order of the embeddings, read as they are asked for.
   *
   * @throws EngineError `ERR_DATA`, `ERR_IO`
   */
  async *records(): AsyncGenerator<QaRecord> {
    for await (const block of this.#recordBlocks()) yield* block;
  }

  /** All records in the order of the embeddings. */
  async readRecords(): Promise<QaRecord[]> {
    const records: QaRecord[] = [];
    for await (const block of this.#recordBlocks()) for (const record of block) records.push(record);
    return records;
  }

  async *#recordBlocks(): AsyncGenerator<QaRecord[]> {
    const path = join(this.dir, ROWS_FILE);
    let count = 0;
    for await (const rows of readJsonl(new ByteStream(path).chunks())) {
      count += rows.length;
      yield rows.map(({ cells, line }) => {
        if (isRecord(cells)) return cells;
        throw new EngineError('ERR_DATA', `${path}:${line}: ${typeof cells === 'string' ? cells : 'the line is not a record'}`);
      });
    }
    if (count !== this.rows) throw new EngineError('ERR_DATA', `${path} has ${count} records, but the manifest says ${this.rows}`);
  }

  async #readRows(handle: FileHandle, row: number, out: Float32Array): Promise<void> {
    const { dtype, dataOffset } = this.header;
    const entryBytes = ENTRY_BYTES[dtype];
    const bytes = dtype === 'f32' ? new Uint8Array(out.buffer, out.byteOffset, out.byteLength) : new Uint8Array(out.length * entryBytes);
    const offset = dataOffset + row * this.dim * entryBytes;
    const read = await readFully(handle, bytes, offset);
    if (read !== bytes.length) {
      const path = join(this.dir, EMBEDDINGS_FILE);
      throw new EngineError('ERR_DATA', `${path} is truncated: ${offset + bytes.length} bytes expected, ${offset + read} there`);
    }
    if (dtype === 'f16') bytesToEmbeddings(bytes, dtype, out);
  }

  async #withEmbeddings(action: (handle: FileHandle) => Promise<void>): Promise<void> {
    const path = join(this.dir, EMBEDDINGS_FILE);
    await withFileErrors(`read ${path}`, async () => {
      const handle = await open(path);
      try {
        await action(handle);
      } finally {
        await handle.close();
      }
    });
  }
}

function isRecord(cells: unknown): cells is QaRecord {
  const { qid, question, answer, model, lang, group = '' } = cells as Record<string, unknown>;
  return [qid, question, answer, model, lang, group].every((value) => typeof value === 'string');
}

export interface OpenDatasetOptions {
  /** Reads both files in full and compares their checksums. Without it their sizes are compared. @default false */
  verify?: boolean;
}

/**
 * Opens a dataset folder that DatasetWriter has completed.
 *
 * @throws EngineError `ERR_DATA` for a half-written dataset, a folder that is none, files that are missing, truncated or
 *   changed; `ERR_IO`
 */
export async function openDataset(dir: string, { verify = false }: OpenDatasetOptions = {}): Promise<Dataset> {
  const manifest = await readManifest(dir);
  if (!manifest) {
    if (!existsSync(dir)) throw new EngineError('ERR_DATA', `The dataset folder ${dir} does not exist`);
    const isHalfWritten = existsSync(join(dir, JOURNAL_FILE)) || existsSync(join(dir, EMBEDDINGS_FILE + PARTIAL));
    throw new EngineError(
      'ERR_DATA',
      isHalfWritten
        ? `The dataset in ${dir} is half-written: embedding was interrupted or is still running. Run the same embed again to complete it`
        : `The folder ${dir} is not a dataset: it has no ${MANIFEST_FILE}`,
    );
  }
  for (const name of [EMBEDDINGS_FILE, ROWS_FILE]) await checkFile(join(dir, name), manifest.files[name]!, verify);
  const header = await readHeader(join(dir, EMBEDDINGS_FILE));
  const { rows, dim, dtype } = manifest;
  if (header.rows !== rows || header.dim !== dim || header.dtype !== dtype) {
    const found = `${header.rows} x ${header.dim} ${header.dtype}`;
    throw new EngineError('ERR_DATA', `${join(dir, EMBEDDINGS_FILE)} holds ${found}, but the manifest says ${rows} x ${dim} ${dtype}`);
  }
  return new Dataset(dir, manifest, header);
}

async function checkFile(path: string, expected: { bytes: number; sha256: string }, verify: boolean): Promise<void> {
  const { size } = await withFileErrors(`read ${path}`, () => stat(path));
  if (size !== expected.bytes) {
    const what = size < expected.bytes ? 'truncated' : 'changed';
    throw new EngineError('ERR_DATA', `${path} is ${what}: ${expected.bytes} bytes expected, ${size} there`);
  }
  if (!verify) return;
  const { sha256 } = await hashFile(path);
  if (sha256 !== expected.sha256) {
    throw new EngineError('ERR_DATA', `${path} was changed: its SHA-256 is ${sha256}, but the manifest says ${expected.sha256}`);
  }
}

async function readHeader(path: string): Promise<NpyHeader> {
  return withFileErrors(`read ${path}`, async () => {
    const handle = await open(path);
    try {
      const bytes = Buffer.alloc(NPY_HEADER_BYTES);
      return parseNpyHeader(bytes.subarray(0, await readFully(handle, bytes, 0)), path);
    } finally {
      await handle.close();
    }
  });
}
