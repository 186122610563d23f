import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { throwIfAborted } from '../../core/abort.js';
import { EngineError } from '../../core/errors.js';
import { fileError, systemCode } from '../../core/file-errors.js';

const CHUNK_BYTES = 2 ** 18;
const GZIP_MAGIC = [0x1f, 0x8b] as const;

/**
 * Reads the bytes of a file and decompresses gzip, which it recognises by the first two bytes, not by the file name.
 */
export class ByteStream {
  #bytesRead = 0;

  constructor(
    private readonly path: string,
    private readonly signal?: AbortSignal,
  ) {}

  /** Number of bytes read so far, before decompression. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /**
   * Yields the chunks in order. A chunk is not modified after it was yielded.
   *
   * @throws EngineError `ERR_DATA` for a missing file and truncated or damaged gzip data, `ERR_IO`, `ERR_ABORTED`
   */
  async *chunks(): AsyncGenerator<Buffer> {
    const raw = this.#raw();
    try {
      const first = await raw.next();
      if (first.done) return;
      const all = startingWith(first.value, raw);
      yield* GZIP_MAGIC.every((byte, i) => first.value[i] === byte) ? this.#gunzip(all) : all;
    } finally {
      await raw.return(undefined);
    }
  }

  async *#raw(): AsyncGenerator<Buffer, undefined> {
    try {
      for await (const chunk of createReadStream(this.path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
        throwIfAborted(this.signal);
        this.#bytesRead += chunk.length;
        yield chunk;
      }
    } catch (error) {
      throw fileError(error, `read ${this.path}`);
    }
    return undefined;
  }

  async *#gunzip(compressed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const source = Readable.from(compressed);
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    source.on('error', (error) => gunzip.destroy(error));
    try {
      yield* source.pipe(gunzip) as AsyncIterable<Buffer>;
    } catch (error) {
      if (error instanceof EngineError || systemCode(error) !== undefined) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new EngineError('ERR_DATA', `${this.path} is truncated or damaged gzip data: ${reason}`, { cause: error });
    } finally {
      source.destroy();
      gunzip.destroy();
    }
  }
}

async function* startingWith(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
