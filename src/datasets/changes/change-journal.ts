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

/** Ends the name of the empty journal that is to follow one whose changes become part of the dataset. */
const FOLDED = '.folded';

export interface ChangeJournalOptions {
  /** What the changes were made to; a journal of something else is refused. */
  base: JournalBase;
  /** Leaves the file as it is, also a torn end; `append` is refused. @default false */
  readOnly?: boolean;
  /** Receives the changes of each line, in order. */
  onChanges: (changes: Change[]) => void | Promise<void>;
}

/**
 * Additions and removals beside a dataset folder, in the order in which they were made. `append` returns when they are
 * on the disk; after a crash everything that it returned for is there. The caller sees to it that one process writes.
 */
export class ChangeJournal {
  #failure: unknown;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle | undefined,
    private size: number,
    /** Bytes at the end that a crash had left unfinished, and that therefore do not count. */
    readonly tornBytes: number,
  ) {}

  /**
   * Reads the journal, or begins one where there is none, and cuts a torn last line off.
   *
   * @throws EngineError `ERR_DATA` where it is damaged before its end or belongs to other embeddings; `ERR_IO`; what
   *   `onChanges` throws
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

  /** Whether the path still leads to the file that is written. */
  async isInPlace(): Promise<boolean> {
    if (!this.handle) return true;
    const own = await this.handle.stat();
    const there = await stat(this.path).catch(() => undefined);
    return there?.ino === own.ino && there.dev === own.dev;
  }

  /**
   * Writes changes as one line and waits until they are on the disk. One call at a time.
   *
   * @throws EngineError `ERR_IO`: nothing was written. Where not even that is certain, the journal takes no more
   *   changes.
   */
  async append(changes: readonly Change[]): Promise<void> {
    const { handle } = this;
    if (!handle) throw new EngineError('ERR_DISPOSED', `${this.path} is open for reading only`);
    if (this.#failure !== undefined) {
      throw new EngineError(
        'ERR_IO',
        `${this.path} takes no changes since the system failed to write it; start again once it can`,
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
      // After a failed sync nobody knows what is on the disk; a line that was not written whole can be taken back.
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

/** Hands the changes on; `intact` is where what counts ends. */
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
      // Only what was never acknowledged may be torn, and nothing was acknowledged behind it.
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
  if (!found) throw new EngineError('ERR_DATA', `${path} is no journal of changes that this release reads`);
  if (belongsTo(found, base)) return;
  throw new EngineError(
    'ERR_DATA',
    `${path} holds changes to ${found.rows} x ${found.dim} other embeddings than those of the dataset (${base.rows} x ${base.dim}). Move it away to go on without them`,
  );
}

/** What a journal of changes to a dataset belongs to. */
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
 * Changes become part of the dataset in three steps: an empty journal of what the dataset is going to be is put beside
 * the one of now; the dataset changes, all at once; the empty journal takes the place of the other. Until the second
 * step the old journal counts, from then on the empty one, which {@link ChangeJournal.open} sees by the dataset that it
 * finds.
 *
 * @param base what the dataset is going to be
 * @throws EngineError `ERR_IO`
 */
export function beginFolding(path: string, base: JournalBase): Promise<void> {
  return replaceFile(path + FOLDED, [headerLine(base)]);
}

/**
 * Takes the third step where the second was taken, and takes the first back where it was not.
 *
 * @param base what the dataset is
 * @param readOnly leaves the files as they are
 * @returns whether the changes of the journal are in the dataset
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

/** The values of the complete lines, undefined for a damaged one, with the position after each line. */
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
