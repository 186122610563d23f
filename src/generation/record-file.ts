/** Record files between stages: JSON Lines, written completely or not at all. */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';
import { syncFolder, writeFully } from '../core/positioned-io.js';
import { ByteStream } from '../records/formats/byte-stream.js';
import { readJsonl } from '../records/formats/jsonl-reader.js';

const FLUSH_CHARACTERS = 2 ** 18;

/**
 * Reads the records of a file in order. Does not check their fields, because a stage wrote the file.
 *
 * @throws EngineError `ERR_DATA` naming file and line, `ERR_IO`, `ERR_ABORTED`
 */
export async function* readRecordFile<T extends object>(path: string, signal?: AbortSignal): AsyncGenerator<T> {
  for await (const rows of readJsonl(new ByteStream(path, signal).chunks())) {
    for (const { cells, line } of rows) {
      if (typeof cells === 'string') throw new EngineError('ERR_DATA', `${path}:${line}: ${cells}`);
      yield cells as T;
    }
  }
}

/** Size and hash of a finished file. */
export interface FileSummary {
  records: number;
  bytes: number;
  sha256: string;
}

/** Writes records to `PATH.partial`, which becomes `PATH` at the end. */
export class RecordFileWriter<T extends object> {
  readonly #hash = createHash('sha256');
  #pending: string[] = [];
  #pendingCharacters = 0;
  #bytes = 0;
  #records = 0;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  /** @throws EngineError `ERR_IO` */
  static async create<T extends object>(path: string): Promise<RecordFileWriter<T>> {
    const handle = await withFileErrors(`write ${path}`, () => open(`${path}.partial`, 'w'));
    return new RecordFileWriter<T>(path, handle);
  }

  async add(record: T): Promise<void> {
    const line = `${JSON.stringify(record)}\n`;
    this.#pending.push(line);
    this.#pendingCharacters += line.length;
    this.#records++;
    if (this.#pendingCharacters >= FLUSH_CHARACTERS) await this.#flush();
  }

  async finish(): Promise<FileSummary> {
    await this.#flush();
    await withFileErrors(`write ${this.path}`, async () => {
      await this.handle.sync();
      await this.handle.close();
      await rename(`${this.path}.partial`, this.path);
      await syncFolder(dirname(this.path));
    });
    return { records: this.#records, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  /** Removes the unfinished file. Does nothing after `finish`. */
  async discard(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await rm(`${this.path}.partial`, { force: true }).catch(() => undefined);
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#pending.join(''));
    this.#pending = [];
    this.#pendingCharacters = 0;
    await withFileErrors(`write ${this.path}`, () => writeFully(this.handle, bytes, this.#bytes));
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }
}
