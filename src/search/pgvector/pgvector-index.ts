import {
  expectBoolean,
  expectInt32,
  expectInt32Array,
  expectInteger,
  expectOptions,
  expectSignal,
  expectString,
  fail,
} from '../../core/validate.js';
import { type CallOptions, resolveCallOptions } from '../../native/call.js';
import type { IndexMetric } from '../../native/metrics.js';
import { allocateSearchResult, MAX_FLOAT32, type SearchResult } from '../../native/search-result.js';
import { copyRows } from './copy-rows.js';
import { Database } from './database.js';
import { expectKind, factoryOf, type TableKind } from './kind.js';
import { beginSearch, nearestRows } from './nearest-rows.js';
import { type PgSearchOptions, resolvePgSearchOptions } from './search-options.js';
import {
  describeTable,
  expectPgvector,
  expectTableName,
  makeTable,
  nextLabel,
  type TableDescription,
} from './table.js';
import { expectTableVectors, type VectorBatch } from './vector-batch.js';
import { vectorParameters } from './vector-bytes.js';

export interface PgConnectionOptions {
  /**
   * `postgres://user@host:5432/database`. Missing parts come from PGHOST, PGUSER, PGPASSWORD and ~/.pgpass, as in psql.
   * Server parameters can be added: `?options=-c%20maintenance_work_mem%3D1GB`.
   */
  url: string;
  /** Table name: up to 50 lower-case letters, digits and `_`. @default 'univar' */
  table?: string;
  /** Maximum number of connections, which is also the number of queries that are searched in parallel. @default 4 */
  connections?: number;
  /**
   * Receives notices of the server, for example that a graph no longer fits into maintenance_work_mem, and what a query
   * of more than five seconds waits for.
   */
  onNotice?: (text: string) => void;
}

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
  readonly #database: Database;
  readonly #kind: TableKind;
  readonly #connections: number;
  #rows: number;
  #removed: number;
  readonly table: string;
  /** Source of the vectors, as given to {@link create}. */
  readonly source: string | undefined;

  private constructor(
    database: Database,
    table: string,
    connections: number,
    { kind, source, rows, removed }: TableDescription,
  ) {
    this.#database = database;
    this.#kind = kind;
    this.#connections = connections;
    this.#rows = rows;
    this.#removed = removed;
    this.table = table;
    this.source = source;
  }

  /**
   * Creates a table, loads it, and builds the graph, all in one transaction: the table appears with all batches or not
   * at all. Labels start at 0. `onProgress` receives the number of rows loaded; the graph is built after that.
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
    const own = ['onProgress', 'dim', 'metric', 'factory', 'efConstruction', 'source', 'overwrite'] as const;
    const given = expectOptions(options, 'options', [...CONNECTION_OPTIONS, ...own]) as unknown as PgVectorIndexOptions;
    const { source = '', overwrite = false } = given;
    const kind = expectKind(given);
    const call = resolveCallOptions(given.signal, given.onProgress);
    expectString(source, 'source');
    expectBoolean(overwrite, 'overwrite');
    if (typeof batches !== 'object' || !(Symbol.iterator in batches || Symbol.asyncIterator in batches))
      fail('ERR_ARG_TYPE', 'batches of vectors', 'batches', batches);
    return connected(given, async (database, table, connections) => {
      const rows = await database.transaction(`load the table "${table}" of`, call.signal, 'BEGIN', async (client) => {
        await expectPgvector(client, database.place);
        let loaded = 0;
        await makeTable(client, { table, place: database.place, kind, source, overwrite }, async (loading) => {
          loaded = await copyRows(client, loading, kind, 0, batches, call);
        });
        return loaded;
      });
      return new PgVectorIndex(database, table, connections, { kind, source: source || undefined, rows, removed: 0 });
    });
  }

  /**
   * Opens an index that {@link create} built, in this process or another. Reads all rows to make sure that nobody else
   * has changed them.
   *
   * @throws EngineError like {@link create}; `ERR_DATA` if the index does not exist, or others have changed its rows
   */
  static async open(options: PgOpenOptions): Promise<PgVectorIndex> {
    const given = expectOptions(options, 'options', CONNECTION_OPTIONS) as unknown as PgOpenOptions;
    const { signal } = resolveCallOptions(given.signal, undefined);
    return connected(given, async (database, table, connections) => {
      const described = await database.transaction(
        `open the table "${table}" of`,
        signal,
        'BEGIN READ ONLY',
        async (client) => {
          const description = await describeTable(client, table, database.place);
          await expectPgvector(client, database.place);
          return description;
        },
      );
      return new PgVectorIndex(database, table, connections, described);
    });
  }

  get dim(): number {
    return this.#kind.dim;
  }

  get metric(): IndexMetric {
    return this.#kind.metric;
  }

  /** Vectors that can be found, as of the last change made through this object. */
  get size(): number {
    return this.#rows - this.#removed;
  }

  /** Vectors added so far, including removed ones: the label of the next vector. As of the same change. */
  get rows(): number {
    return this.#rows;
  }

  /** Factory string of the equivalent FAISS index. */
  get factory(): string {
    return factoryOf(this.#kind);
  }

  /** Database and server, without credentials, for messages. */
  get place(): string {
    return this.#database.place;
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
    const { first, rows } = await this.#database.transaction(
      `add to the table "${this.table}" of`,
      call.signal,
      'BEGIN',
      async (client) => {
        const table = client.escapeIdentifier(this.table);
        await client.query(`LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`);
        const next = await nextLabel(client, this.table);
        return { first: next, rows: await copyRows(client, table, this.#kind, next, [batch], call) };
      },
    );
    this.#rows = first + rows;
    return first;
  }

  /**
   * Removes vectors; their labels are not reused. Unknown labels are ignored.
   *
   * @returns the number of vectors removed
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_REMOTE`, `ERR_DATA`, `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async remove(labels: Int32Array, options?: { signal?: AbortSignal }): Promise<number> {
    const signal = expectSignal(expectOptions(options, 'options', ['signal']).signal, 'signal');
    const wanted = expectInt32(labels, 'labels', expectInt32Array(labels, 'labels').length, 0, 2 ** 31 - 1);
    const cleared = `embedding = NULL${this.#kind.hasDigests ? ', digest = NULL' : ''}`;
    const place = `remove from the table "${this.table}" of`;
    const removed = await this.#database.transaction(place, signal, 'BEGIN', async (client) => {
      const { rowCount } = await client.query(
        `UPDATE ${client.escapeIdentifier(this.table)} SET ${cleared} ` +
          'WHERE label = ANY($1) AND embedding IS NOT NULL',
        [Array.from(wanted)],
      );
      return rowCount ?? 0;
    });
    this.#removed += removed;
    return removed;
  }

  /**
   * Finds the k nearest vectors of each query among those that match the filter. If the graph yields fewer, all vectors
   * are compared. The connections of the index search queries in parallel. `onProgress` receives the number of queries
   * done.
   *
   * @param queries [any, dim], row-major
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` naming the row,
   *   `ERR_REMOTE`, `ERR_DATA` (the table is gone), `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async search(queries: Float32Array, options: PgSearchOptions): Promise<SearchResult> {
    const { k, filter, efSearch, call } = resolvePgSearchOptions(options);
    expectTableVectors(queries, 'queries', this.#kind);
    if (k > this.size) fail('ERR_ARG_RANGE', `at most the number of vectors in the index, ${this.size},`, 'k', k);
    const vectors = vectorParameters(queries, this.dim, this.#kind.storage);
    const result = allocateSearchResult(vectors.length, k);
    const labels = result.labels.fill(-1);
    const distances = result.distances.fill(this.metric === 'ip' ? -MAX_FLOAT32 : MAX_FLOAT32);
    let next = 0;
    let done = 0;
    const searchSome = (): Promise<void> =>
      this.#database.transaction(
        `search the table "${this.table}" of`,
        call.signal,
        beginSearch(k, efSearch),
        async (client) => {
          const table = client.escapeIdentifier(this.table);
          while (next < vectors.length) {
            const query = next++;
            const found = await nearestRows(client, table, this.#kind, vectors[query]!, k, filter);
            found.forEach(({ label, distance }, i) => {
              labels[query * k + i] = label;
              distances[query * k + i] = distance;
            });
            call.onProgress?.(++done);
          }
        },
      );
    const searches = Array.from({ length: Math.min(vectors.length, this.#connections) }, () =>
      searchSome().catch((error: unknown) => {
        next = vectors.length; // stops the other searches
        throw error;
      }),
    );
    const failed = (await Promise.allSettled(searches)).find((search) => search.status === 'rejected');
    if (failed) throw failed.reason;
    return result;
  }

  /** Closes the connections once the calls in flight have finished. The table stays. Idempotent. */
  dispose(): Promise<void> {
    return this.#database.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

const CONNECTION_OPTIONS = ['url', 'table', 'connections', 'onNotice', 'signal'] as const;
const DEFAULT_CONNECTIONS = 4;
export const DEFAULT_TABLE = 'univar';
const MAX_CONNECTIONS = 100;

/** Passes an open database to `make`, and closes it if `make` fails. */
async function connected(
  { url, table, connections, onNotice }: PgConnectionOptions,
  make: (database: Database, table: string, connections: number) => Promise<PgVectorIndex>,
): Promise<PgVectorIndex> {
  const name = expectTableName(table ?? DEFAULT_TABLE);
  const count = expectInteger(connections ?? DEFAULT_CONNECTIONS, 'connections', 1, MAX_CONNECTIONS);
  const database = await Database.open({ url, connections: count, onNotice });
  try {
    return await make(database, name, count);
  } catch (error) {
    await database.close();
    throw error;
  }
}
