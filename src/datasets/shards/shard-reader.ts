import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { withFileErrors } from '../../core/file-errors.js';
import { readFully } from '../../core/positioned-io.js';
import { expectInteger, expectVectors } from '../../core/validate.js';
import type { ShardEntry } from '../manifest.js';
import { bytesToEmbeddings, type EmbeddingType, ENTRY_BYTES } from './embedding-bytes.js';
import { expectShape } from './npy-file.js';
import { shardOfRow } from './shard-files.js';

interface OpenShard {
  number: number;
  path: string;
  handle: FileHandle;
  dataOffset: number;
}

type EmbeddingShard = Pick<ShardEntry, 'rows' | 'embeddings'>;

/** Reads rows from the embeddings of many shards as if they were one array. Keeps at most one file open. */
export class ShardReader implements AsyncDisposable {
  readonly #shards: EmbeddingShard[] = [];
  /** First row of each shard, followed by the total number of rows. */
  readonly #firstRows: number[] = [0];
  #open: OpenShard | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal Use `Dataset.openEmbeddings`. */
  constructor(
    private readonly dir: string,
    private readonly dim: number,
    private readonly dtype: EmbeddingType,
    shards: readonly EmbeddingShard[],
  ) {
    for (const shard of shards) this.push(shard);
  }

  /** @internal Adds a shard after the last one. */
  push(shard: EmbeddingShard): void {
    this.#shards.push(shard);
    this.#firstRows.push(this.#firstRows.at(-1)! + shard.rows);
  }

  /**
   * Fills `out` with consecutive rows, starting at `row`; f16 is widened. Reads run one after the other.
   *
   * @param out [n, dim]; all n rows must exist
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`; `ERR_DATA` for a file that is truncated
   *   or not what the manifest says, `ERR_IO`
   */
  async read(row: number, out: Float32Array): Promise<void> {
    const rows = expectVectors(out, 'out', this.dim);
    const end = expectInteger(row, 'row', 0, this.#firstRows.at(-1)! - rows) + rows;
    await this.#exclusively(async () => {
      for (let at = row; at < end; ) {
        const number = shardOfRow(this.#firstRows, at);
        const next = Math.min(end, this.#firstRows[number + 1]!);
        await this.#readWithin(
          await this.#openShard(number),
          at - this.#firstRows[number]!,
          out.subarray((at - row) * this.dim, (next - row) * this.dim),
        );
        at = next;
      }
    });
  }

  /** Closes the open file once the reads before it have ended. Idempotent; the next read opens it again. */
  close(): Promise<void> {
    return this.#exclusively(() => this.#closeShard());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Runs one action at a time, because another one would close the file that this one reads. */
  #exclusively(action: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(action);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #closeShard(): Promise<void> {
    const { handle } = this.#open ?? {};
    this.#open = undefined;
    await handle?.close();
  }

  async #openShard(number: number): Promise<OpenShard> {
    if (this.#open?.number === number) return this.#open;
    await this.#closeShard();
    const { rows, embeddings } = this.#shards[number]!;
    const path = join(this.dir, embeddings.file);
    const handle = await withFileErrors(`read ${path}`, () => open(path));
    try {
      const dataOffset = await expectShape(path, handle, rows, this.dim, this.dtype);
      this.#open = { number, path, handle, dataOffset };
      return this.#open;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #readWithin({ path, handle, dataOffset }: OpenShard, row: number, out: Float32Array): Promise<void> {
    const entryBytes = ENTRY_BYTES[this.dtype];
    const bytes =
      this.dtype === 'f32'
        ? new Uint8Array(out.buffer, out.byteOffset, out.byteLength)
        : new Uint8Array(out.length * entryBytes);
    const offset = dataOffset + row * this.dim * entryBytes;
    const read = await withFileErrors(`read ${path}`, () => readFully(handle, bytes, offset));
    if (read !== bytes.length) {
      throw new EngineError(
        'ERR_DATA',
        `${path} is truncated: expected ${offset + bytes.length} bytes, found ${offset + read}`,
      );
    }
    if (this.dtype === 'f16') bytesToEmbeddings(bytes, this.dtype, out);
  }
}
