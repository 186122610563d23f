import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';
import { ByteStream } from '../records/formats/byte-stream.js';
import { readJsonl } from '../records/formats/jsonl-reader.js';
import { hashFile } from '../records/input-files.js';
import type { QaRecord } from '../records/record.js';
import { JOURNAL_FILE } from './journal.js';
import { type DatasetManifest, type FileEntry, MANIFEST_FILE, readManifest } from './manifest.js';
import { expectShape, ShardReader } from './shards/shard-files.js';

/** Bytes that are read at once when all embeddings are. */
const READ_BYTES = 16 * 2 ** 20;

/** A complete dataset folder. It holds no open files, so there is nothing to close. */
export class Dataset {
  /** Use {@link openDataset}, which checks the files. */
  constructor(
    readonly dir: string,
    readonly manifest: DatasetManifest,
  ) {}

  get rows(): number {
    return this.manifest.rows;
  }

  get dim(): number {
    return this.manifest.dim;
  }

  /**
   * SHA-256 that stands for all embeddings: of their file where there is one, otherwise of the checksums of all shards.
   */
  get embeddingsChecksum(): string {
    return checksumOf(this.manifest.shards.map(({ embeddings }) => embeddings));
  }

  /** The same for all records. */
  get recordsChecksum(): string {
    return checksumOf(this.manifest.shards.map(({ records }) => records));
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
      throw new EngineError(
        'ERR_OUT_OF_MEMORY',
        `The ${rows} x ${dim} embeddings of ${this.dir} need ${gib} GiB in one array`,
        { cause: error },
      );
    }
    const rowsAtOnce = Math.max(1, Math.floor(READ_BYTES / (dim * 4)));
    const reader = this.openEmbeddings();
    try {
      for (let row = 0; row < rows; row += rowsAtOnce)
        await reader.read(row, all.subarray(row * dim, Math.min(rows, row + rowsAtOnce) * dim));
    } finally {
      await reader.close();
    }
    return all;
  }

  /**
   * The embeddings in order, in fresh arrays [rowsPerBatch, dim], whatever the shards are; the last one may be shorter.
   *
   * @throws EngineError `ERR_ARG_RANGE`, `ERR_DATA`, `ERR_IO`
   */
  async *embeddingBatches(rowsPerBatch: number): AsyncGenerator<Float32Array> {
    if (!Number.isInteger(rowsPerBatch) || rowsPerBatch < 1) {
      throw new EngineError('ERR_ARG_RANGE', `Expected an integer >= 1 for "rowsPerBatch", got ${rowsPerBatch}`);
    }
    const reader = this.openEmbeddings();
    try {
      for (let row = 0; row < this.rows; row += rowsPerBatch) {
        const batch = new Float32Array((Math.min(this.rows, row + rowsPerBatch) - row) * this.dim);
        await reader.read(row, batch);
        yield batch;
      }
    } finally {
      await reader.close();
    }
  }

  /**
   * The records in the order of the embeddings, read as they are asked for.
   *
   * @throws EngineError `ERR_DATA`, `ERR_IO`
   */
  async *records(): AsyncGenerator<QaRecord> {
    for await (const block of this.recordBlocks()) yield* block;
  }

  /** All records in the order of the embeddings. */
  async readRecords(): Promise<QaRecord[]> {
    const records: QaRecord[] = [];
    for await (const block of this.recordBlocks()) for (const record of block) records.push(record);
    return records;
  }

  /**
   * As {@link records}, as many at a time as come from the disk together: faster where there are many.
   *
   * @param onChunk receives the bytes of the files, with the number of the shard, before the records in them
   */
  async *recordBlocks(onChunk?: (shard: number, chunk: Buffer) => void): AsyncGenerator<QaRecord[]> {
    for (const shard of this.manifest.shards.keys())
      yield* this.shardRecordBlocks(shard, (chunk) => onChunk?.(shard, chunk));
  }

  /** As {@link recordBlocks}, for one shard. */
  async *shardRecordBlocks(shard: number, onChunk?: (chunk: Buffer) => void): AsyncGenerator<QaRecord[]> {
    const { rows, records } = this.manifest.shards[shard]!;
    const path = join(this.dir, records.file);
    let count = 0;
    for await (const block of readJsonl(watch(new ByteStream(path).chunks(), (chunk) => onChunk?.(chunk)))) {
      count += block.length;
      yield block.map(({ cells, line }) => {
        if (isRecord(cells)) return cells;
        throw new EngineError(
          'ERR_DATA',
          `${path}:${line}: ${typeof cells === 'string' ? cells : 'the line is not a record'}`,
        );
      });
    }
    if (count !== rows)
      throw new EngineError('ERR_DATA', `${path} has ${count} records, but the manifest says ${rows}`);
  }

  /** Reads embeddings by row. It holds an open file, so close it. */
  openEmbeddings(): ShardReader {
    const { dim, dtype, shards } = this.manifest;
    return new ShardReader(this.dir, dim, dtype, shards);
  }
}

function checksumOf(files: readonly FileEntry[]): string {
  return files.length === 1
    ? files[0]!.sha256
    : createHash('sha256')
        .update(files.map(({ sha256 }) => sha256).join('\n'))
        .digest('hex');
}

async function* watch<T>(items: AsyncIterable<T>, see: (item: T) => void): AsyncGenerator<T> {
  for await (const item of items) {
    see(item);
    yield item;
  }
}

function isRecord(cells: unknown): cells is QaRecord {
  const { qid, question, answer, model, lang, group = '' } = cells as Record<string, unknown>;
  return [qid, question, answer, model, lang, group].every((value) => typeof value === 'string');
}

export interface OpenDatasetOptions {
  /** Reads all files in full and compares their checksums. Without it their sizes are compared. @default false */
  verify?: boolean;
}

/**
 * Opens a dataset folder that DatasetWriter has completed, also one of version 1, with one file of embeddings.
 *
 * @throws EngineError `ERR_DATA` for a half-written dataset, a folder that is none, files that are missing, truncated
 *   or changed; `ERR_IO`
 */
export async function openDataset(dir: string, { verify = false }: OpenDatasetOptions = {}): Promise<Dataset> {
  const manifest = await readManifest(dir);
  if (!manifest) {
    if (!existsSync(dir)) throw new EngineError('ERR_DATA', `The dataset folder ${dir} does not exist`);
    throw new EngineError(
      'ERR_DATA',
      existsSync(join(dir, JOURNAL_FILE))
        ? `The dataset in ${dir} is half-written: embedding was interrupted or is still running. Run the same embed again to complete it`
        : `The folder ${dir} is not a dataset: it has no ${MANIFEST_FILE}`,
    );
  }
  const { dim, dtype } = manifest;
  for (const { rows, embeddings, records } of manifest.shards) {
    for (const entry of [embeddings, records]) await checkFile(join(dir, entry.file), entry, verify);
    await checkHeader(join(dir, embeddings.file), rows, dim, dtype);
  }
  return new Dataset(dir, manifest);
}

async function checkFile(path: string, expected: FileEntry, verify: boolean): Promise<void> {
  const { size } = await withFileErrors(`read ${path}`, () => stat(path));
  if (size !== expected.bytes) {
    const what = size < expected.bytes ? 'truncated' : 'changed';
    throw new EngineError('ERR_DATA', `${path} is ${what}: ${expected.bytes} bytes expected, ${size} there`);
  }
  if (!verify) return;
  const { sha256 } = await hashFile(path);
  if (sha256 !== expected.sha256) {
    throw new EngineError(
      'ERR_DATA',
      `${path} was changed: its SHA-256 is ${sha256}, but the manifest says ${expected.sha256}`,
    );
  }
}

async function checkHeader(path: string, rows: number, dim: number, dtype: DatasetManifest['dtype']): Promise<void> {
  const handle = await withFileErrors(`read ${path}`, () => open(path));
  try {
    await expectShape(path, handle, rows, dim, dtype);
  } finally {
    await handle.close();
  }
}
