import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { FolderLock } from '../core/folder-lock.js';
import { makeFolder } from '../core/make-folder.js';
import { PACKAGE_VERSION } from '../core/package-version.js';
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
import { embeddingsToBytes } from './shards/embedding-bytes.js';
import type { EmbeddingType } from './shards/npy.js';
import { ShardRecords } from './shards/record-file.js';
import type { ValueIdColumn } from './shards/value-id-column.js';

export interface DatasetWriterOptions {
  encoder: { name: string; fingerprint: string; dim: number };
  /** Type of the stored embeddings; f16 halves the size and rounds to 11 significant bits. @default 'f32' */
  dtype?: EmbeddingType | undefined;
  /** The input files, see describeSources. A half-written dataset is only continued with the same ones. @default [] */
  sources?: readonly SourceFile[] | undefined;
  /** Whatever else decides the rows, such as the column mapping: plain JSON, kept in the manifest. @default {} */
  settings?: Record<string, unknown> | undefined;
  /** Replaces a complete dataset, or a half-written one of another configuration. @default false */
  overwrite?: boolean | undefined;
  /**
   * Where the folder holds a complete dataset, goes on behind its rows: `sources` begins with the sources of it, and
   * encoder, dtype and settings are the same, apart from the setting `shardRows`. @default false
   */
  add?: boolean | undefined;
}

/** What the reader left out or saw twice in all sources; for the manifest. */
export interface DatasetSummary {
  /** @default 0 */
  rejected?: number;
  /** @default 0 */
  duplicates?: number;
}

/**
 * Writes a dataset folder: shards of embeddings (NumPy), records (JSON lines) and value ids, and manifest.json, which
 * names them.
 *
 * The manifest comes last, so a folder with a manifest is complete. The process may be killed at any moment: the next
 * writer of the same configuration goes on behind the last whole shard, and the finished files have the same bytes as
 * without the interruption, provided that the caller appends the same batches, each of which is a shard.
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
   * Takes the folder, which is created where it does not exist, and continues what is half-written in it.
   *
   * @throws EngineError `ERR_BUSY` while another process writes there; `ERR_DATA` where the folder holds a complete
   *   dataset or a half-written one of another configuration, unless `overwrite`, or with `add` a dataset that cannot
   *   be added to; `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_IO`
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

  /** Rows that are in the folder: at first those of the dataset that is added to and of an earlier process. */
  get rows(): number {
    return this.#partial.rows;
  }

  /** Folder of the new shards within the dataset folder; equal configurations give equal names. */
  get shardFolder(): string {
    return this.#partial.folder;
  }

  /**
   * Reads embeddings that are in the folder, as they are stored.
   *
   * @param out [n, dim], filled from row `row` on; f16 is widened
   * @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_BUSY`, `ERR_DISPOSED`
   */
  async read(row: number, out: Float32Array): Promise<void> {
    this.#expectReady();
    const rows = expectVectors(out, 'out', this.configuration.dim);
    expectInteger(row, 'row', 0, this.rows - rows);
    await this.#partial.read(row, out);
  }

  /**
   * Appends one batch as a shard; the arrays must not change until the promise settles. A batch that could not be
   * written, for want of space for example, has changed nothing and may be appended again.
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
   * Completes the dataset and gives the folder back. When it fails, everything that was appended stays and the next
   * writer can finish.
   *
   * @throws EngineError `ERR_DATA` where there are no rows, `ERR_IO`, `ERR_BUSY`, `ERR_DISPOSED`
   */
  async finish(summary?: DatasetSummary): Promise<DatasetManifest> {
    const given = expectOptions(summary, 'summary', ['rejected', 'duplicates']);
    const rejected = expectInteger(given.rejected ?? 0, 'rejected', 0);
    const duplicates = expectInteger(given.duplicates ?? 0, 'duplicates', 0);
    this.#expectReady();
    if (this.rows === 0) throw new EngineError('ERR_DATA', `There is no row to write to ${this.dir}`);
    this.#state = 'busy';
    const valueIds = this.#valueIds.toObject();
    const createdBy = `univar ${PACKAGE_VERSION}`;
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

  /** Gives the folder back and leaves what was written, to be continued later. Idempotent. */
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
      throw new EngineError('ERR_BUSY', `The writer of ${this.dir} is still at the call before: await it`);
  }
}

/**
 * Refuses options that do not continue a complete dataset, without touching it.
 *
 * @throws EngineError `ERR_DATA` naming what differs
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

/** An object that JSON can hold. */
function expectJson(value: unknown, name: string): Record<string, unknown> {
  const object = expectObject(value, name);
  try {
    JSON.stringify(object);
  } catch {
    fail('ERR_ARG_TYPE', 'plain JSON', name, value);
  }
  return object;
}

/** The same plain JSON with the keys of all objects in order, so that equal configurations have equal texts. */
function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, entry]) => [key, withSortedKeys(entry)]));
}
