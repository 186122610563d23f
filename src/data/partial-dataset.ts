import { existsSync } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';
import { hashFile } from './input-files.js';
import { batchChecksum, intactBatches, JOURNAL_FILE, journalHeader, journalLine, readJournal, type Journal } from './journal.js';
import { EMBEDDINGS_FILE, MANIFEST_FILE, PARTIAL, ROWS_FILE, type DatasetConfiguration, type DatasetManifest } from './manifest.js';
import { ENTRY_BYTES, NPY_HEADER_BYTES, npyHeader } from './npy.js';
import { syncFolder, writeDurably, writeFully } from '../core/positioned-io.js';

const DATA_FILES = [EMBEDDINGS_FILE, ROWS_FILE] as const;

/** An open file with its path, so that an error can name it. */
interface OpenFile {
  path: string;
  handle: FileHandle;
}

/**
 * The files of a dataset that is not complete yet: embeddings.npy.partial, rows.jsonl.partial and the journal that says
 * how much of them counts. The caller holds the lock of the folder.
 */
export class PartialDataset {
  #rows = 0;
  #recordBytes = 0;
  #journalBytes = 0;

  private constructor(
    private readonly dir: string,
    private readonly configuration: DatasetConfiguration,
    private readonly embeddings: OpenFile,
    private readonly records: OpenFile,
    private readonly journal: OpenFile,
  ) {}

  /** Rows that are whole. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Continues what an earlier process of the same configuration left in the folder, or starts anew.
   *
   * @param onRecords receives the record bytes of each batch that is there already
   * @throws EngineError `ERR_DATA` where the folder holds something else and `overwrite` is not given, `ERR_IO`
   */
  static async open(
    dir: string,
    configuration: DatasetConfiguration,
    overwrite: boolean,
    onRecords: (records: Buffer) => void,
  ): Promise<PartialDataset> {
    const journal = await readJournal(join(dir, JOURNAL_FILE));
    const isSame = journal?.configuration === JSON.stringify(configuration);
    if (!overwrite) refuseToReplace(dir, journal, isSame ? undefined : configuration);
    const resumed = journal && isSame && (await hasPartialFiles(dir)) ? journal : undefined;
    // Without its journal, nothing of what the other files hold counts.
    if (!resumed) await withFileErrors(`write ${dir}`, () => rm(join(dir, JOURNAL_FILE), { force: true }));
    const opened: OpenFile[] = [];
    try {
      for (const name of [EMBEDDINGS_FILE + PARTIAL, ROWS_FILE + PARTIAL, JOURNAL_FILE]) {
        const path = join(dir, name);
        opened.push({ path, handle: await withFileErrors(`write ${path}`, () => open(path, resumed ? 'r+' : 'w+')) });
      }
      const [embeddings, records, journalFile] = opened as [OpenFile, OpenFile, OpenFile];
      const dataset = new PartialDataset(dir, configuration, embeddings, records, journalFile);
      await (resumed ? dataset.#resume(resumed, onRecords) : dataset.#start());
      return dataset;
    } catch (error) {
      for (const { handle } of opened) await handle.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { dim, dtype } = this.configuration;
    const header = Buffer.from(journalHeader(this.configuration));
    await this.#write(this.embeddings, npyHeader(0, dim, dtype), 0);
    await this.#write(this.journal, header, 0);
    this.#journalBytes = header.length;
  }

  async #resume(journal: Journal, onRecords: (records: Buffer) => void): Promise<void> {
    const { embeddings, records } = this;
    const stored = { handle: embeddings.handle, offset: NPY_HEADER_BYTES, rowBytes: this.#rowBytes };
    const batches = await withFileErrors(`read ${this.dir}`, () => intactBatches(journal.batches, stored, records.handle, onRecords));
    this.#journalBytes = journal.headerBytes;
    for (const batch of batches) {
      this.#rows += batch.rows;
      this.#recordBytes += batch.recordBytes;
      this.#journalBytes += Buffer.byteLength(journalLine(batch));
    }
    await this.#truncate();
  }

  /** Appends one batch. When it fails nothing has changed, and it may be tried again. */
  async append(rows: number, embeddings: Uint8Array, records: Uint8Array): Promise<void> {
    const line = Buffer.from(journalLine({ rows, recordBytes: records.length, sha256: batchChecksum(embeddings, records) }));
    await this.#write(this.embeddings, embeddings, NPY_HEADER_BYTES + this.#rows * this.#rowBytes);
    await this.#write(this.records, records, this.#recordBytes);
    await this.#write(this.journal, line, this.#journalBytes);
    this.#rows += rows;
    this.#recordBytes += records.length;
    this.#journalBytes += line.length;
  }

  /**
   * Gives the files their final names and puts the manifest there last. Up to that moment the folder can be continued,
   * and a complete dataset that is being replaced stays whole until all of the new one is on the disk.
   */
  async complete(toManifest: (files: DatasetManifest['files']) => DatasetManifest): Promise<DatasetManifest> {
    const { dim, dtype } = this.configuration;
    const path = (name: string): string => join(this.dir, name);
    await this.#write(this.embeddings, npyHeader(this.#rows, dim, dtype), 0);
    await this.#truncate();
    for (const file of [this.embeddings, this.records]) await withFileErrors(`write ${file.path}`, () => file.handle.sync());
    await this.close();
    const files: DatasetManifest['files'] = {};
    for (const name of DATA_FILES) files[name] = await hashFile(path(name + PARTIAL));
    const manifest = toManifest(files);
    await withFileErrors(`write ${path(MANIFEST_FILE)}`, async () => {
      await writeDurably(path(MANIFEST_FILE + PARTIAL), `${JSON.stringify(manifest, null, 2)}\n`);
      await rm(path(MANIFEST_FILE), { force: true });
      await syncFolder(this.dir);
      for (const name of DATA_FILES) await rename(path(name + PARTIAL), path(name));
      await syncFolder(this.dir);
      await rename(path(MANIFEST_FILE + PARTIAL), path(MANIFEST_FILE));
      await syncFolder(this.dir);
      await rm(path(JOURNAL_FILE), { force: true });
    });
    return manifest;
  }

  /** Closes the files and leaves them as they are. Idempotent. */
  async close(): Promise<void> {
    for (const { handle } of [this.embeddings, this.records, this.journal]) await handle.close();
  }

  get #rowBytes(): number {
    return this.configuration.dim * ENTRY_BYTES[this.configuration.dtype];
  }

  /** Cuts off what a failed or interrupted append left behind. */
  async #truncate(): Promise<void> {
    await withFileErrors(`write ${this.dir}`, async () => {
      await this.embeddings.handle.truncate(NPY_HEADER_BYTES + this.#rows * this.#rowBytes);
      await this.records.handle.truncate(this.#recordBytes);
      await this.journal.handle.truncate(this.#journalBytes);
    });
  }

  async #write({ path, handle }: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
    const hint = `${this.#rows} rows are safe, and the same call goes on after them`;
    await withFileErrors(`write ${path}`, () => writeFully(handle, bytes, position), hint);
  }
}

/** @param other the wanted configuration where the journal has another one */
function refuseToReplace(dir: string, journal: Journal | undefined, other: DatasetConfiguration | undefined): void {
  const refuse = (what: string): never => {
    throw new EngineError('ERR_DATA', `The folder ${dir} holds ${what}; take another folder, or replace it (overwrite: true)`);
  };
  if (existsSync(join(dir, MANIFEST_FILE))) refuse('a complete dataset already');
  if (journal && other) refuse(`a half-written dataset that differs in ${differences(journal.configuration, other)}`);
  const foreign = DATA_FILES.find((name) => existsSync(join(dir, name)));
  if (!journal && foreign !== undefined) refuse(`${foreign} without a manifest`);
}

function differences(configuration: string, wanted: DatasetConfiguration): string {
  const there = JSON.parse(configuration) as Record<string, unknown>;
  return Object.entries(wanted).flatMap(([key, value]) => (JSON.stringify(value) === JSON.stringify(there[key]) ? [] : [key])).join(', ');
}

/** True when both data files have their partial names, or get them back after a crash between the last renames. */
async function hasPartialFiles(dir: string): Promise<boolean> {
  const isComplete = existsSync(join(dir, MANIFEST_FILE));
  for (const name of DATA_FILES) {
    const final = join(dir, name);
    if (existsSync(final + PARTIAL)) continue;
    if (isComplete || !existsSync(final)) return false;
    await withFileErrors(`write ${final}`, () => rename(final, final + PARTIAL));
  }
  return true;
}
