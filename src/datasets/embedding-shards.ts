import { createHash } from 'node:crypto';

import { allocateFloat32 } from '../core/allocate.js';
import { expectInteger } from '../core/validate.js';
import type { FileEntry, ShardEntry } from './manifest.js';
import type { EmbeddingType } from './shards/embedding-bytes.js';
import { ShardReader } from './shards/shard-reader.js';

/** Bytes per read when all embeddings are read. */
const READ_BYTES = 16 * 2 ** 20;

/** The form and the files of embeddings. */
export interface EmbeddingFiles {
  rows: number;
  dim: number;
  dtype: EmbeddingType;
  shards: readonly Pick<ShardEntry, 'rows' | 'embeddings'>[];
}

/** Embeddings on disk, in the files of consecutive shards. It keeps no files open, so it need not be closed. */
export class EmbeddingShards {
  /** @internal */
  constructor(
    /** Folder of the dataset. */
    readonly dir: string,
    private readonly files: EmbeddingFiles,
  ) {}

  get rows(): number {
    return this.files.rows;
  }

  get dim(): number {
    return this.files.dim;
  }

  /**
   * SHA-256 that identifies all embeddings: that of their file if there is one shard, otherwise that of the checksums
   * of all shards.
   */
  get embeddingsChecksum(): string {
    return checksumOf(this.files.shards.map(({ embeddings }) => embeddings));
  }

  /**
   * Reads all embeddings into one array, [rows, dim]; f16 is widened.
   *
   * @throws EngineError `ERR_OUT_OF_MEMORY`, `ERR_DATA`, `ERR_IO`
   */
  async readEmbeddings(): Promise<Float32Array> {
    const { rows, dim } = this;
    const all = allocateFloat32(rows * dim, `the ${rows} x ${dim} embeddings of ${this.dir}`);
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
   * Reads the embeddings in order, in new arrays [rowsPerBatch, dim] that are independent of the shards. The last one
   * can be shorter.
   *
   * @throws EngineError `ERR_ARG_RANGE`, `ERR_DATA`, `ERR_IO`
   */
  async *embeddingBatches(rowsPerBatch: number): AsyncGenerator<Float32Array> {
    expectInteger(rowsPerBatch, 'rowsPerBatch', 1);
    const reader = this.openEmbeddings();
    try {
      for (let row = 0; row < this.rows; row += rowsPerBatch) {
        const batch = allocateFloat32(
          (Math.min(this.rows, row + rowsPerBatch) - row) * this.dim,
          'a batch of embeddings',
        );
        await reader.read(row, batch);
        yield batch;
      }
    } finally {
      await reader.close();
    }
  }

  /** Opens the embeddings for random access. The reader keeps a file open, so close it. */
  openEmbeddings(): ShardReader {
    const { dim, dtype, shards } = this.files;
    return new ShardReader(this.dir, dim, dtype, shards);
  }
}

/** Returns the SHA-256 of the only file, or that of the checksums of several files. */
export function checksumOf(files: readonly FileEntry[]): string {
  return files.length === 1
    ? files[0]!.sha256
    : createHash('sha256')
        .update(files.map(({ sha256 }) => sha256).join('\n'))
        .digest('hex');
}
