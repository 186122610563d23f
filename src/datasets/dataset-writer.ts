import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { FolderLock } from '../core/folder-lock.js';
import { makeFolder } from '../core/make-folder.js';
import { PACKAGE } from '../core/package-files.js';
import { expectRenaming } from '../core/replace-file.js';
import {
  expectArray,
  expectBoolean,
  expectInteger,
  expectMatrix,
  expectObject,
  expectOneOf,
  expectOptions,
  expectPath,
  expectString,
  expectVectors,
  fail,
} from '../core/validate.js';
import type { SourceFile } from '../records/input-files.js';
import { expectRecord, type QaRecord } from '../records/record.js';
import { ValueIdCounts } from '../records/value-id-counts.js';
import { fitBase } from './added-sources.js';
import { WRITER_LOCK } from './dataset-files.js';
import { createManifest, type DatasetConfiguration, type DatasetManifest, readManifest } from './manifest.js';
import { PartialDataset } from './partial-dataset.js';
import type { EmbeddingType } from './shards/embedding-bytes.js';
import { embeddingsToBytes } from './shards/embedding-bytes.js';
import { ShardRecords } from './shards/record-file.js';
import type { ValueIdColumn } from './shards/value-id-column.js';

/** Options of `DatasetWriter.open`. */
export interface DatasetWriterOptions {
  encoder: { name: string; fingerprint: string; dim: number };
  /** Type of the stored embeddings; f16 halves the size and rounds to 11 significant bits. @default 'f32' */
  dtype?: EmbeddingType | undefined;
  /**
   * Input files: see {@link describeSources}. An unfinished dataset can only be continued with the same files.
   * @default []
   */
  sources?: readonly SourceFile[] | undefined;
  /**
   * Other settings that affect the rows, such as the column mapping: plain JSON, stored in the manifest.
   *
   * @default {}
   */
  settings?: Record<string, unknown> | undefined;
  /** Replaces a complete dataset, or an unfinished one with a different configuration. @default false */
  overwrite?: boolean | undefined;
  /**
   * Adds rows after those of a complete dataset, if the folder holds one. `sources` must begin with the sources of that
   * dataset, and encoder, dtype and settings must be the same, except for the setting `shardRows`. @default false
   */
  add?: boolean | undefined;
}

/** Counts over all sources, for the manifest. */
export interface DatasetSummary {
  /** Rows that the reader skipped. @default 0 */
  rejected?: number;
  /** Rows that equal an earlier row in every field. @default 0 */
  duplicates?: number;
}

/**
 * Writes a dataset folder: shards of embeddings (NumPy), records (JSON Lines) and value ids, and manifest.json, which
 * names them.
 *
 * The manifest is written last, so a folder with a manifest is complete. The process can be killed at any time. The
 * next writer with the same configuration resumes after the last complete shard. If the caller appends the same
 * batches, each of which is one shard, the finished files have the same bytes as without the interruption.
 */
export class DatasetWriter implements AsyncDisposable {
  readonly #valueIds = new ValueIdCounts();
  #partial!: PartialDataset;
  #state: 'ready' | 'busy' | 'closed' = 'ready';

  private constructor(
    readonly dir: string,
    private readonly configuration: DatasetConfiguration,
    private readonly lock: FolderLock,
  ) {}

  /**
   * Locks the folder, creating it if necessary, and resumes an unfinished dataset in it.
   *
   * @throws EngineError `ERR_BUSY` while another process writes to the folder; `ERR_DATA` if, without `overwrite`, the
   *   folder holds a complete dataset or an unfinished one with a different configuration, or, with `add`, a dataset
   *   with a different configuration; `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_IO`
   */
  static async open(dir: string, options: DatasetWriterOptions): Promise<DatasetWriter> {
    expectPath(dir, 'dir');
    const configuration = configurationOf(options);
    const { overwrite = false, add = false } = options;
    expectBoolean(overwrite, 'overwrite');
    expectBoolean(add, 'add');
    await makeFolder(dir);
    await expectRenaming(dir);
    const writer = new DatasetWriter(dir, configuration, await FolderLock.acquire(join(dir, WRITER_LOCK)));
    try {
      const base = add && !overwrite ? await readManifest(dir) : undefined;
      if (base) fitBase(dir, base, configuration);
      const onColumn = (column: ValueIdColumn): void => writer.#valueIds.addRows(column);
      writer.#partial = await PartialDataset.open(dir, configuration, { overwrite, base, onColumn });
    } catch (error) {
      await writer.lock.release();
      throw error;
    }
    return writer;
  }

  /** Rows in the folder. Initially those of the existing dataset and of an interrupted run. */
  get rows(): number {
    return this.#partial.rows;
  }

  /** Name of the folder of the new shards within the dataset folder. Equal configurations give equal names. */
  get shardFolder(): string {
    return this.#partial.folder;
  }

  /**
   * Reads stored embeddings.
   *
   * @param out [n, dim], filled with the rows from `row`; f16 is widened
   * @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_BUSY`, `ERR_DISPOSED`
   */
  async read(row: number, out: Float32Array): Promise<void> {
    this.#expectReady();
    const rows = expectVectors(out, 'out', this.configuration.dim);
    expectInteger(row, 'row', 0, this.rows - rows);
    await this.#partial.read(row, out);
  }

  /**
   * Appends one batch as a shard. Do not change the arrays until the promise settles. If writing fails, for example
   * because the disk is full, nothing has changed and the batch can be appended again.
   *
   * @param embeddings [records.length, dim]
   * @throws EngineError `ERR_ARG_TYPE`; `ERR_SHAPE_MISMATCH`; `ERR_NON_FINITE`; `ERR_ARG_RANGE` for values beyond f16;
   *   `ERR_IO`; `ERR_BUSY` during another call; `ERR_DISPOSED`
   */
  async append(records: readonly QaRecord[], embeddings: Float32Array): Promise<void> {
    const { dim, dtype } = this.configuration;
    this.#expectReady();
    expectArray(records, 'records', expectRecord);
    expectMatrix(embeddings, 'embeddings', records.length, dim);
    if (records.length === 0) return;
    const shard = new ShardRecords();
    shard.add(records);
    const bytes = embeddingsToBytes(embeddings, dim, dtype);
    this.#state = 'busy';
    try {
      await this.#partial.append(bytes, shard);
    } finally {
      this.#state = 'ready';
    }
    this.#valueIds.addRows(shard.column());
  }

  /**
   * Completes the dataset and unlocks the folder. If it fails, all appended rows are kept and the next writer can
   * finish.
   *
   * @throws EngineError `ERR_DATA` if there are no rows, `ERR_IO`, `ERR_BUSY`, `ERR_DISPOSED`
   */
  async finish(summary?: DatasetSummary): Promise<DatasetManifest> {
    const given = expectOptions(summary, 'summary', ['rejected', 'duplicates']);
    const rejected = expectInteger(given.rejected ?? 0, 'rejected', 0);
    const duplicates = expectInteger(given.duplicates ?? 0, 'duplicates', 0);
    this.#expectReady();
    if (this.rows === 0) throw new EngineError('ERR_DATA', `There are no rows to write to ${this.dir}`);
    this.#state = 'busy';
    const valueIds = this.#valueIds.toObject();
    const createdBy = `univar ${PACKAGE.version}`;
    const { rows } = this;
    try {
      return await this.#partial.complete((shards) =>
        createManifest({ createdBy, rows, ...this.configuration, valueIds, rejected, duplicates, shards }),
      );
    } finally {
      this.#state = 'ready';
      await this.close();
    }
  }

  /** Unlocks the folder and keeps the rows written so far for a later writer. Idempotent. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#expectReady();
    this.#state = 'closed';
    await this.#partial.close();
    await this.lock.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #expectReady(): void {
    if (this.#state === 'closed') throw new EngineError('ERR_DISPOSED', `The writer of ${this.dir} is closed`);
    if (this.#state === 'busy')
      throw new EngineError('ERR_BUSY', `The writer of ${this.dir} is still busy with the previous call: await it`);
  }
}

/**
 * Rejects options that do not continue a complete dataset. Does not touch the dataset.
 *
 * @throws EngineError `ERR_DATA` naming the differences
 */
export function expectAddable(dir: string, base: DatasetManifest, options: DatasetWriterOptions): void {
  fitBase(dir, base, configurationOf(options));
}

function configurationOf(options: DatasetWriterOptions): DatasetConfiguration {
  expectObject(options, 'options');
  const { encoder, dtype = 'f32', sources = [], settings = {} } = options;
  const { name, fingerprint, dim } = expectObject(encoder, 'encoder');
  const configuration = {
    encoder: {
      name: expectString(name, 'encoder.name'),
      fingerprint: expectString(fingerprint, 'encoder.fingerprint'),
    },
    dim: expectInteger(dim, 'encoder.dim', 1),
    dtype: expectOneOf(dtype, 'dtype', ['f32', 'f16']),
    sources: [...expectArray(sources, 'sources', expectSource)],
    settings: expectJson(settings, 'settings'),
  };
  return withSortedKeys(configuration) as DatasetConfiguration;
}

function expectSource(value: unknown, name: string): SourceFile {
  const { file, bytes, sha256 } = expectObject(value, name);
  expectString(file, `${name}.file`);
  expectInteger(bytes, `${name}.bytes`, 0);
  expectString(sha256, `${name}.sha256`);
  return value as SourceFile;
}

/** Expects an object that JSON can represent. */
function expectJson(value: unknown, name: string): Record<string, unknown> {
  const object = expectObject(value, name);
  try {
    JSON.stringify(object);
  } catch {
    fail('ERR_ARG_TYPE', 'plain JSON', name, value);
  }
  return object;
}

/** Sorts the keys of all objects in plain JSON, so that equal configurations have equal texts. */
function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, entry]) => [key, withSortedKeys(entry)]));
}
