import { existsSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { fileError, systemCode, withFileErrors } from '../../core/file-errors.js';
import { syncFolder, writeFully } from '../../core/positioned-io.js';
import { replaceFile } from '../../core/replace-file.js';
import { ByteStream } from '../../records/formats/byte-stream.js';
import { LineSplitter } from '../../records/formats/line-splitter.js';
import type { Dataset } from '../dataset.js';
import {
  type Change,
  changesLine,
  headerLine,
  type JournalBase,
  parseChanges,
  parseHeader,
  parseLine,
} from './change-frames.js';

/** Suffix of the empty journal that replaces a journal whose changes are being folded into the dataset. */
const FOLDED = '.folded';

export interface ChangeJournalOptions {
  /** The dataset that the changes apply to. A journal for a different dataset is rejected. */
  base: JournalBase;
  /** Leaves the file unchanged, including a torn end; `append` then fails. @default false */
  readOnly?: boolean;
  /** Receives the changes of each line, in order. */
  onChanges: (changes: Change[]) => void | Promise<void>;
}

/**
 * Journal of additions to and removals from a dataset, in the order in which they were made. `append` returns once the
 * changes are on disk, so they survive a crash. The caller must make sure that only one process writes.
 */
export class ChangeJournal {
  #failure: unknown;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle | undefined,
    private size: number,
    /** Unfinished bytes that a crash left at the end, which are ignored. */
    readonly tornBytes: number,
  ) {}

  /**
   * Reads the journal and cuts off a torn last line. If the file does not exist, creates an empty journal.
   *
   * @throws EngineError `ERR_DATA` if the journal is damaged before its end or belongs to a different dataset;
   *   `ERR_IO`; and everything that `onChanges` throws
   */
  static async open(path: string, { base, readOnly = false, onChanges }: ChangeJournalOptions): Promise<ChangeJournal> {
    const wasFolded = await settleFolding(path, base, readOnly);
    if (wasFolded && readOnly) return new ChangeJournal(path, undefined, 0, 0);
    if (!existsSync(path)) {
      if (readOnly) return new ChangeJournal(path, undefined, 0, 0);
      await replaceFile(path, [headerLine(base)]);
    }
    const { intact, total } = await replay(path, base, onChanges);
    if (readOnly) return new ChangeJournal(path, undefined, intact, total - intact);
    return withFileErrors(`write ${path}`, async () => {
      const handle = await open(path, 'r+');
      try {
        if (intact < total) {
          await handle.truncate(intact);
          await handle.sync();
        }
      } catch (error) {
        await handle.close();
        throw error;
      }
      return new ChangeJournal(path, handle, intact, total - intact);
    });
  }

  /** Checks whether the path still leads to the file that this object writes. */
  async isInPlace(): Promise<boolean> {
    if (!this.handle) return true;
    const own = await this.handle.stat();
    const there = await stat(this.path).catch(() => undefined);
    return there?.ino === own.ino && there.dev === own.dev;
  }

  /**
   * Writes changes as one line and waits until they are on disk. Do not overlap calls.
   *
   * @throws EngineError `ERR_IO`: nothing was written. If that is not certain either, the journal rejects all further
   *   changes.
   */
  async append(changes: readonly Change[]): Promise<void> {
    const { handle } = this;
    if (!handle) throw new EngineError('ERR_DISPOSED', `${this.path} is open for reading only`);
    if (this.#failure !== undefined) {
      throw new EngineError(
        'ERR_IO',
        `${this.path} accepts no changes after a failed write; restart once the file system can write again`,
        { cause: this.#failure },
      );
    }
    const bytes = Buffer.from(changesLine(changes));
    let written = false;
    try {
      await writeFully(handle, bytes, this.size);
      written = true;
      await handle.datasync();
    } catch (error) {
      // After a failed sync, the contents of the disk are unknown. An incomplete line can be removed again.
      if (written) this.#failure = error;
      else await handle.truncate(this.size).catch((cause: unknown) => (this.#failure = cause));
      throw fileError(error, `write ${this.path}`);
    }
    this.size += bytes.length;
  }

  async close(): Promise<void> {
    await this.handle?.close();
  }
}

/** Passes the changes to `onChanges`. `intact` is the end of the last intact line. */
async function replay(
  path: string,
  base: JournalBase,
  onChanges: (changes: Change[]) => void | Promise<void>,
): Promise<{ intact: number; total: number }> {
  let intact = 0;
  let begin = 0;
  let sawHeader = false;
  for await (const { value, next } of completeLines(path)) {
    if (value !== undefined) {
      // Only the last line can be torn, because nothing is written after a line that was not acknowledged.
      if (intact < begin) throw new EngineError('ERR_DATA', `${path} is damaged at byte ${intact}, before its end`);
      if (sawHeader) await onChanges(parseChanges(value));
      else expectHeader(path, value, base);
      sawHeader = true;
      intact = next;
    }
    begin = next;
  }
  if (!sawHeader) throw new EngineError('ERR_DATA', `${path} is damaged: it has no header`);
  return { intact, total: (await withFileErrors(`read ${path}`, () => stat(path))).size };
}

function expectHeader(path: string, value: unknown, base: JournalBase): void {
  const found = parseHeader(value);
  if (!found) throw new EngineError('ERR_DATA', `${path} is not a change journal that this release can read`);
  if (belongsTo(found, base)) return;
  throw new EngineError(
    'ERR_DATA',
    `${path} holds changes to another dataset (${found.rows} x ${found.dim} embeddings), not to this one ` +
      `(${base.rows} x ${base.dim}). Move it away to continue without these changes`,
  );
}

/** Identifies a dataset in the header of its journal. */
export function journalBase({ rows, dim, embeddingsChecksum, recordsChecksum }: Dataset): JournalBase {
  return { rows, dim, embeddings: embeddingsChecksum, records: recordsChecksum };
}

export function belongsTo(found: JournalBase, base: JournalBase): boolean {
  return (
    found.embeddings === base.embeddings &&
    found.rows === base.rows &&
    found.dim === base.dim &&
    (found.records ?? base.records) === base.records
  );
}

/**
 * Takes the first of three steps that fold changes into a dataset:
 *
 * 1. Write an empty journal for the new dataset beside the current journal.
 * 2. Replace the dataset atomically.
 * 3. Replace the current journal with the empty one.
 *
 * Until step 2 the current journal is valid, afterwards the empty one. {@link ChangeJournal.open} recognises which by
 * comparing them with the dataset.
 *
 * @param base identifies the new dataset
 * @throws EngineError `ERR_IO`
 */
export function beginFolding(path: string, base: JournalBase): Promise<void> {
  return replaceFile(path + FOLDED, [headerLine(base)]);
}

/**
 * Completes step 3 of {@link beginFolding} if step 2 was done; otherwise undoes step 1.
 *
 * @param base identifies the current dataset
 * @param readOnly leaves the files unchanged
 * @returns true if the dataset already contains the changes of the journal
 */
export async function settleFolding(path: string, base: JournalBase, readOnly = false): Promise<boolean> {
  const empty = path + FOLDED;
  return withFileErrors(`write ${path}`, async () => {
    const bytes = await readFile(empty).catch((error: unknown) =>
      systemCode(error) === 'ENOENT' ? undefined : Promise.reject(error as Error),
    );
    if (!bytes) return false;
    const found = parseHeader(parseLine(bytes.subarray(0, -1)));
    const wasFolded = found !== undefined && belongsTo(found, base);
    if (!readOnly) {
      await (wasFolded ? rename(empty, path) : rm(empty, { force: true }));
      await syncFolder(dirname(path));
    }
    return wasFolded;
  });
}

/** Reads the values of the complete lines, undefined for damaged lines, with the position after each line. */
async function* completeLines(path: string): AsyncGenerator<{ value: unknown; next: number }> {
  const splitter = new LineSplitter(Infinity);
  for await (const chunk of new ByteStream(path).chunks()) {
    const lines: { value: unknown; next: number }[] = [];
    splitter.push(chunk, ({ bytes, start, end, next }) =>
      lines.push({ value: parseLine(bytes.subarray(start, end)), next }),
    );
    yield* lines;
  }
}
