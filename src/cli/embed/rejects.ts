import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import type { RejectedRow } from '../../data/raw-row.js';

export const REJECTS_FILE = 'rejects.jsonl';

/** Collects rows that were left out in DIR/rejects.jsonl, which appears when all of them are in it. */
export class RejectsFile {
  readonly #path: string;
  #handle: FileHandle | undefined;

  constructor(dir: string) {
    this.#path = join(dir, REJECTS_FILE);
  }

  async add(rows: readonly RejectedRow[]): Promise<void> {
    if (rows.length === 0) return;
    this.#handle ??= await open(`${this.#path}.partial`, 'w');
    const lines = rows.map(({ file, line, reason, text }) => `${JSON.stringify({ file, line, reason, text })}\n`);
    await this.#handle.appendFile(lines.join(''));
  }

  /** Gives the file its name; removes one of an earlier run where nothing was left out this time. */
  async finish(): Promise<void> {
    if (!this.#handle) return rm(this.#path, { force: true });
    await this.#close();
    await rename(`${this.#path}.partial`, this.#path);
  }

  /** Removes what is unfinished. */
  async discard(): Promise<void> {
    await this.#close();
    await rm(`${this.#path}.partial`, { force: true });
  }

  async #close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }
}
