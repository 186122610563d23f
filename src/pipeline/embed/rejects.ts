import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { RejectedRow } from '../../records/formats/raw-row.js';
import type { RecordBatch } from '../../records/read-records.js';

export const REJECTS_FILE = 'rejects.jsonl';

/** Collects skipped rows in DIR/rejects.jsonl. The file appears once it is complete. */
export class RejectsFile {
  readonly #path: string;
  #handle: FileHandle | undefined;

  /** @param kept number of rows that the file begins with: those of the existing dataset */
  constructor(
    dir: string,
    private readonly kept = 0,
  ) {
    this.#path = join(dir, REJECTS_FILE);
  }

  async add(rows: readonly RejectedRow[]): Promise<void> {
    if (rows.length === 0) return;
    const handle = await this.#open();
    const lines = rows.map(({ file, line, reason, text }) => `${JSON.stringify({ file, line, reason, text })}\n`);
    await handle.appendFile(lines.join(''));
  }

  /** Gives the file its final name. If no rows were skipped, removes the file of an earlier dataset. */
  async finish(): Promise<void> {
    if (!this.#handle && this.kept > 0) return;
    if (!this.#handle) return rm(this.#path, { force: true });
    await this.#close();
    await rename(`${this.#path}.partial`, this.#path);
  }

  /** Removes the unfinished file. */
  async discard(): Promise<void> {
    await this.#close();
    await rm(`${this.#path}.partial`, { force: true });
  }

  async #open(): Promise<FileHandle> {
    if (this.#handle) return this.#handle;
    this.#handle = await open(`${this.#path}.partial`, 'w');
    // Only the first `kept` lines: an addition killed just before its last step has left its own rows there, too.
    const lines = this.kept > 0 ? (await readFile(this.#path, 'utf8')).split('\n').slice(0, this.kept) : [];
    await this.#handle.appendFile(lines.map((line) => `${line}\n`).join(''));
    return this.#handle;
  }

  async #close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }
}

/** Passes batches through and collects their rejected rows. */
export async function* keepRejects(
  batches: AsyncIterable<RecordBatch>,
  rejects: RejectsFile,
): AsyncGenerator<RecordBatch> {
  for await (const batch of batches) {
    await rejects.add(batch.rejected);
    yield batch;
  }
}
