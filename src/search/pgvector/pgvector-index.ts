import {
  expectArray,
  expectBoolean,
  expectInt32Array,
  expectInteger,
  expectOptions,
  expectSignal,
  expectString,
  fail,
} from '../../core/validate.js';
import { type CallOptions, resolveCallOptions } from '../../native/call.js';
import type { IndexMetric } from '../../native/metrics.js';
import type { SearchResult } from '../../native/search-result.js';
import type { SelfRecallOptions } from '../vector-index.js';
import { addRows, removeRows } from './change-rows.js';
import { type ConnectedTables, connected } from './connect.js';
import { CONNECTION_OPTIONS, type PgConnectionOptions } from './connection-options.js';
import type { Database } from './database.js';
import { expectKind, factoryOf } from './kind.js';
import { loadShards, loadTable } from './load-tables.js';
import { openTables } from './open-tables.js';
import { type PgSearchOptions, resolvePgSearchOptions } from './search-options.js';
import { searchTables } from './search-tables.js';
import { sampleRows, shareFound } from './self-recall.js';
import { readEveryTable } from './shards/row-table.js';
import { nextLabel } from './table.js';
import { expectTableVectors, type VectorBatch } from './vector-batch.js';
import { vectorParameters } from './vector-bytes.js';

export interface PgOpenOptions extends PgConnectionOptions {
  signal?: AbortSignal;
}

export interface PgVectorIndexOptions extends PgConnectionOptions, CallOptions {
  /** Entries of a vector, from 1 to 2,000, or to 4,000 in half precision. */
  dim: number;
  metric: IndexMetric;
  /** `HNSW16`, with 2 to 100 links; `HNSW16,SQfp16` stores vectors in half precision. @default 'HNSW32' */
  factory?: string;
  /**
   * Candidates kept in the search for the links of a new vector, from twice the links to 1,000. @default 64, or twice
   * the links if that is more
   */
  efConstruction?: number;
  /** Source of the vectors, for example `dataset.embeddingsChecksum`. Stored with the index as its `source`. */
  source?: string;
  /**
   * Connection strings of other servers, up to 99. The rows are spread over all servers by the hash of the label, and
   * each has its own graph. Host names and accounts are stored in the database of `url`, which needs postgres_fdw, and
   * must be valid both there and here. @default none: all rows are in the database of `url`
   */
  shards?: readonly string[];
  /**
   * Replaces the vectors of an index with that name, and keeps its table with grants and views. The older vectors stay
   * in use until loading completes. @default false
   */
  overwrite?: boolean;
}

export interface PgAddOptions extends CallOptions {
  /** Value id (`model$lang`) of every row, used by search filters. */
  valueIds?: readonly string[];
}

/**
 * An index of vectors in PostgreSQL with pgvector 0.8 or later: a table with the columns `label`, `model`, `lang` and
 * `embedding`, and an HNSW graph. It is searched like a `VectorIndex` and works with `ValueIdentifier`.
 *
 * Calls can overlap, even from several processes: each sees what was committed before it.
 */
export class PgVectorIndex implements AsyncDisposable {
  readonly filterKind = 'values';
  readonly #open: ConnectedTables;
  readonly table: string;
  /** Database and server, without credentials, for messages: of several servers, the one that names the others. */
  readonly place: string;

  private constructor(open: ConnectedTables) {
    this.table = open.table;
    this.place = open.tables[0]!.database.place;
    this.#open = open;
  }

  /**
   * Creates a table, loads it, and builds the graph, all in one transaction: the table appears with all batches or not
   * at all. Labels start at 0. `onProgress` receives the number of rows loaded; the graph is built after that. With
   * `shards`, every server has a transaction of its own, and they commit one after the other.
   *
   * @param batches vectors to load. @default none: creates an empty index
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` (bad connection string, more entries than pgvector can index),
   *   `ERR_REMOTE` (the server cannot be reached, refuses, or the connection is lost), `ERR_DEVICE_UNAVAILABLE` (no
   *   pgvector), `ERR_DATA` (the table exists), `ERR_BUSY` (another process is loading it), `ERR_SHAPE_MISMATCH`,
   *   `ERR_NON_FINITE`, `ERR_ABORTED`
   */
  static async create(
    options: PgVectorIndexOptions,
    batches: AsyncIterable<VectorBatch> | Iterable<VectorBatch> = [],
  ): Promise<PgVectorIndex> {
    const own = ['onProgress', 'dim', 'metric', 'factory', 'efConstruction', 'source', 'shards', 'overwrite'] as const;
    const given = expectOptions(options, 'options', [...CONNECTION_OPTIONS, ...own]) as unknown as PgVectorIndexOptions;
    const { source = '', overwrite = false, shards = [] } = given;
    const kind = expectKind(given);
    const call = resolveCallOptions(given.signal, given.onProgress);
    expectString(source, 'source');
    expectBoolean(overwrite, 'overwrite');
    if (expectArray(shards, 'shards', expectString).length > MAX_SHARDS)
      fail('ERR_ARG_RANGE', `at most ${MAX_SHARDS} connection strings`, 'shards', shards);
    if (typeof batches !== 'object' || !(Symbol.iterator in batches || Symbol.asyncIterator in batches))
      fail('ERR_ARG_TYPE', 'batches of vectors', 'batches', batches);
    const open = await connected(given, shards.length === 0 ? 1 : 2, async (database, table, connect) => {
      const wanted = { table, kind, source, overwrite };
      const others: Database[] = [];
      for (const [i, url] of shards.entries()) others.push(await connect(url, `shards[${i}]`));
      const loaded = await (others.length === 0
        ? loadTable(database, wanted, batches, call)
        : loadShards(database, others, wanted, batches, call));
      return { ...loaded, kind, source: source || undefined, removed: 0 };
    });
    return new PgVectorIndex(open);
  }

  /**
   * Opens an index that {@link create} built, in this process or another. Reads all rows to make sure that nobody else
   * has changed them. If they are spread over several servers, it connects to all of them.
   *
   * @throws EngineError like {@link create}; `ERR_DATA` if the index does not exist, or others have changed its rows
   */
  static async open(options: PgOpenOptions): Promise<PgVectorIndex> {
    const given = expectOptions(options, 'options', CONNECTION_OPTIONS) as unknown as PgOpenOptions;
    const { signal } = resolveCallOptions(given.signal, undefined);
    const open = await connected(given, 1, (database, table, connect) => openTables(database, table, signal, connect));
    return new PgVectorIndex(open);
  }

  get dim(): number {
    return this.#open.kind.dim;
  }

  get metric(): IndexMetric {
    return this.#open.kind.metric;
  }

  /** Vectors that can be found, as of the last change made through this object. */
  get size(): number {
    return this.#open.rows - this.#open.removed;
  }

  /** Vectors added so far, including removed ones: the label of the next vector. As of the same change. */
  get rows(): number {
    return this.#open.rows;
  }

  /** Factory string of the equivalent FAISS index. */
  get factory(): string {
    return factoryOf(this.#open.kind);
  }

  /** Source of the vectors, as given to {@link create}. */
  get source(): string | undefined {
    return this.#open.source;
  }

  /** Database and server of every table with rows, without credentials. */
  get places(): string[] {
    return this.#open.tables.map(({ database }) => database.place);
  }

  /**
   * Adds vectors; their labels continue from the last one assigned by any process. Other processes wait meanwhile. Adds
   * all vectors or none. To load many vectors, {@link create} is faster.
   *
   * @param vectors [rows, dim], row-major
   * @returns the label of the first vector
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` (entries above 1e15, or 65,504 in half precision),
   *   `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` naming the row, `ERR_REMOTE`, `ERR_DATA`, `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async add(vectors: Float32Array, options?: PgAddOptions): Promise<number> {
    const { valueIds, signal, onProgress } = expectOptions(options, 'options', ['valueIds', 'signal', 'onProgress']);
    const batch = { vectors, ...(valueIds !== undefined && { valueIds: valueIds as readonly string[] }) };
    const call = resolveCallOptions(signal, onProgress);
    const { first, rows } = await addRows(this.#open, batch, call);
    this.#open.rows = first + rows;
    return first;
  }

  /**
   * Removes vectors; their labels are not reused.
   *
   * @param labels may contain duplicates and labels that were already removed
   * @returns the number of vectors removed by this call
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` for a label that was never assigned, `ERR_REMOTE`, `ERR_DATA`,
   *   `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async remove(labels: Int32Array, options?: { signal?: AbortSignal }): Promise<number> {
    const signal = expectSignal(expectOptions(options, 'options', ['signal']).signal, 'signal');
    const { tables } = this.#open;
    const wanted = Array.from(expectInt32Array(labels, 'labels'));
    if (wanted.some((label) => label >= this.rows)) {
      // Another process may have added rows.
      const nexts = await readEveryTable(tables, 'remove from', signal, (client, { table }) =>
        nextLabel(client, table),
      );
      this.#open.rows = Math.max(...nexts);
    }
    const unknown = wanted.find((label) => label < 0 || label >= this.rows);
    if (unknown !== undefined) fail('ERR_ARG_RANGE', `labels from 0 to ${this.rows - 1}`, 'labels', unknown);
    const removed = await removeRows(this.#open, wanted, signal);
    this.#open.removed += removed;
    return removed;
  }

  /**
   * Finds the k nearest vectors of each query among those that match the filter: by the graph, or by comparing all that
   * match if they are few or the graph yields too few. The connections of the index search queries in parallel. Of
   * several servers, each finds its k nearest vectors by its own graph. `onProgress` receives the number of queries
   * done.
   *
   * @param queries [any, dim], row-major
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` naming the row,
   *   `ERR_REMOTE`, `ERR_DATA` (the table is gone), `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async search(queries: Float32Array, options: PgSearchOptions): Promise<SearchResult> {
    const { k, filter, efSearch, call } = resolvePgSearchOptions(options);
    const { kind, tables, connections } = this.#open;
    expectTableVectors(queries, 'queries', kind);
    if (k > this.size) fail('ERR_ARG_RANGE', `at most the number of vectors in the index, ${this.size},`, 'k', k);
    const vectors = vectorParameters(queries, this.dim, kind.storage);
    const rows = this.size / tables.length;
    return searchTables(tables, { kind, rows, vectors, k, filter, efSearch, connections, call });
  }

  /**
   * Measures whether the graph has lost vectors, like `VectorIndex.selfRecall`: the share of sampled vectors for
   * which a search that keeps 64 candidates finds the vector itself or one that is as near.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_REMOTE`, `ERR_DATA`, `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async selfRecall(options?: SelfRecallOptions): Promise<number> {
    const { sample, signal, onProgress } = expectOptions(options, 'options', ['sample', 'signal', 'onProgress']);
    const count = expectInteger(sample ?? DEFAULT_SAMPLE, 'sample', 1, MAX_SAMPLE);
    const call = resolveCallOptions(signal, onProgress);
    const { tables, rows } = this.#open;
    const sampled = await sampleRows(tables, rows, count, call.signal);
    if (sampled.labels.length === 0) return 1;
    const found = await this.search(sampled.vectors, { k: 1, efSearch: SELF_RECALL_CANDIDATES, ...call });
    return shareFound(sampled, found, this.metric);
  }

  /** Closes the connections once the calls in flight have finished. The table stays. Idempotent. */
  async dispose(): Promise<void> {
    await Promise.all(this.#open.tables.map(({ database }) => database.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

const MAX_SHARDS = 99;
const DEFAULT_SAMPLE = 1000;
const MAX_SAMPLE = 1_000_000;
const SELF_RECALL_CANDIDATES = 64;
