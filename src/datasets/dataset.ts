import { existsSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';
import { isFolder } from '../core/is-folder.js';
import { mapInGroups } from '../core/map-in-groups.js';
import { joinRowLabels, type RowLabels } from '../core/row-labels.js';
import {
  expectArray,
  expectBoolean,
  expectInteger,
  expectOptions,
  expectPath,
  expectSignal,
} from '../core/validate.js';
import { hashFile } from '../records/input-files.js';
import type { QaRecord } from '../records/record.js';
import { checksumOf, EmbeddingShards } from './embedding-shards.js';
import { JOURNAL_FILE } from './journal.js';
import { type DatasetManifest, type FileEntry, MANIFEST_FILE, readManifest, type ShardEntry } from './manifest.js';
import { RecordLookup, type RecordLookupOptions } from './record-lookup.js';
import { COLUMNS_AT_ONCE, loadColumn } from './shards/column-files.js';
import { expectShape } from './shards/npy-file.js';
import { readRecordBlocks } from './shards/record-file.js';

/** Shards whose files are checked at the same time. */
const CHECKED_AT_ONCE = 16;

/** A complete dataset folder. It keeps no files open, so it need not be closed. */
export class Dataset extends EmbeddingShards {
  /** @internal Use {@link openDataset} instead, which checks the files. */
  constructor(
    dir: string,
    readonly manifest: DatasetManifest,
  ) {
    super(dir, manifest);
  }

  /** SHA-256 that identifies all records, computed like {@link Dataset.embeddingsChecksum}. */
  get recordsChecksum(): string {
    return checksumOf(this.manifest.shards.map(({ records }) => records));
  }

  /**
   * Reads the records lazily, in the order of the embeddings.
   *
   * @throws EngineError `ERR_DATA`, `ERR_IO`
   */
  async *records(): AsyncGenerator<QaRecord> {
    for await (const block of this.recordBlocks()) yield* block;
  }

  /** Reads all records, in the order of the embeddings. */
  async readRecords(): Promise<QaRecord[]> {
    const records: QaRecord[] = [];
    for await (const block of this.recordBlocks()) for (const record of block) records.push(record);
    return records;
  }

  /** Reads the records like {@link records}, but in the blocks that come from disk: faster for many records. */
  async *recordBlocks(): AsyncGenerator<QaRecord[]> {
    for (const shard of this.manifest.shards.keys()) yield* this.shardRecordBlocks(shard);
  }

  /** Reads the records of one shard in blocks: see {@link recordBlocks}. */
  async *shardRecordBlocks(shard: number): AsyncGenerator<QaRecord[]> {
    expectInteger(shard, 'shard', 0, this.manifest.shards.length - 1);
    for await (const { records } of readRecordBlocks(this.dir, this.manifest.shards[shard]!)) yield records;
  }

  /**
   * Reads the value ids of all rows from a column beside the records, without parsing the records. Folders of earlier
   * releases have no such column: it is then computed from the records, and written if the folder is writable.
   *
   * @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_ABORTED`
   */
  async readValueIds(options?: { signal?: AbortSignal | undefined }): Promise<RowLabels> {
    const signal = expectSignal(expectOptions(options, 'options', ['signal']).signal, 'signal');
    const load = (shard: ShardEntry): Promise<RowLabels> => loadColumn(this.dir, shard, signal);
    return joinRowLabels(await mapInGroups(this.manifest.shards, COLUMNS_AT_ONCE, load));
  }

  /**
   * Reads the record of one row without reading the others.
   *
   * @throws EngineError like {@link readRecordsAt}
   */
  async record(row: number): Promise<QaRecord> {
    const [record] = await this.readRecordsAt([expectInteger(row, 'row', 0, this.rows - 1)]);
    return record!;
  }

  /**
   * Reads the records of some rows, in the order given, without reading the others.
   *
   * @throws EngineError `ERR_ARG_RANGE` for a row that the dataset does not have, `ERR_DATA`, `ERR_IO`
   */
  async readRecordsAt(rows: readonly number[]): Promise<QaRecord[]> {
    expectArray(rows, 'rows', (row, name) => expectInteger(row, name, 0, this.rows - 1));
    const lookup = await this.openRecords({ rows });
    try {
      const records: QaRecord[] = [];
      for (const row of rows) records.push(await lookup.read(row));
      return records;
    } finally {
      await lookup.close();
    }
  }

  /** Opens the records for random access. The lookup keeps files open, so close it. */
  openRecords(options?: RecordLookupOptions): Promise<RecordLookup> {
    return RecordLookup.open(this.dir, this.manifest.shards, options);
  }
}

/** Options of `openDataset`. */
export interface OpenDatasetOptions {
  /** Reads all files in full and compares their checksums. If false, only compares their sizes. @default false */
  verify?: boolean;
}

/**
 * Opens a complete dataset folder, including one of version 1, which has a single file of embeddings.
 *
 * @throws EngineError `ERR_DATA` for an unfinished dataset, a folder that is not a dataset, or files that are missing,
 *   truncated or changed; `ERR_IO`
 */
export async function openDataset(dir: string, options?: OpenDatasetOptions): Promise<Dataset> {
  expectPath(dir, 'dir');
  const verify = expectBoolean(expectOptions(options, 'options', ['verify']).verify ?? false, 'verify');
  if (existsSync(dir) && !isFolder(dir))
    throw new EngineError('ERR_DATA', `${dir} is a file; a dataset is a folder, which "univar embed" writes`);
  const manifest = await readManifest(dir);
  if (!manifest) {
    if (!existsSync(dir)) throw new EngineError('ERR_DATA', `The dataset folder ${dir} does not exist`);
    throw new EngineError(
      'ERR_DATA',
      existsSync(join(dir, JOURNAL_FILE))
        ? `The dataset in ${dir} is unfinished: embedding was interrupted or is still running. ` +
            'Run the same embed again to complete it'
        : `The folder ${dir} is not a dataset: it has no ${MANIFEST_FILE}`,
    );
  }
  const { dim, dtype } = manifest;
  await mapInGroups(manifest.shards, CHECKED_AT_ONCE, async ({ rows, embeddings, records }) => {
    for (const entry of [embeddings, records]) await checkFile(join(dir, entry.file), entry, verify);
    await checkHeader(join(dir, embeddings.file), rows, dim, dtype);
  });
  return new Dataset(dir, manifest);
}

/** Returns the dataset, or opens the one in the folder. @throws EngineError like {@link openDataset} */
export async function givenDataset(dataset: Dataset | string): Promise<Dataset> {
  return dataset instanceof Dataset ? dataset : openDataset(expectPath(dataset, 'dataset'));
}

/** @throws EngineError `ERR_DATA` for a file that is missing, truncated or changed; `ERR_IO` */
export async function checkFile(path: string, expected: FileEntry, verify: boolean): Promise<void> {
  const { size } = await withFileErrors(`read ${path}`, () => stat(path));
  if (size !== expected.bytes) {
    const what = size < expected.bytes ? 'is truncated' : 'was changed';
    throw new EngineError('ERR_DATA', `${path} ${what}: expected ${expected.bytes} bytes, found ${size}`);
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
