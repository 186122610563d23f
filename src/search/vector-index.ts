import { allocateInt32 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import {
  expectInt32Array,
  expectInteger,
  expectOneOf,
  expectOptions,
  expectPath,
  expectString,
  expectUint8Array,
  expectVectors,
  fail,
} from '../core/validate.js';
import type { IndexHandle, IndexInfo, OpenedIndex, RangeSearchResult } from '../native/addon-types.js';
import { type CallOptions, expectCallOptions, resolveCallOptions } from '../native/call.js';
import {
  addToIndex,
  createIndex,
  disposeIndex,
  indexFromBytes,
  indexSelfRecall,
  indexToBytes,
  loadIndex,
  rangeSearchIndex,
  removeFromIndex,
  reserveIndex,
  saveIndex,
  searchIndex,
  searchIndexSync,
  trainIndex,
} from '../native/index-handle.js';
import { INDEX_METRICS, type IndexMetric } from '../native/metrics.js';
import { allocateSearchResult, type SearchResult } from '../native/search-result.js';
import { type IndexKind, parseFactory } from './factory.js';
import {
  type BuildOptions,
  type IndexQueryOptions,
  type IndexSearchOptions,
  QUERY_KEYS,
  type RangeSearchOptions,
  resolveBuildOptions,
  resolveQueryOptions,
  SYNC_QUERY_KEYS,
  type SyncSearchOptions,
} from './index-options.js';

export type { RangeSearchResult } from '../native/addon-types.js';

export interface VectorIndexOptions extends BuildOptions {
  /** Entries of a vector, from 1 to 65,536. */
  dim: number;
  metric: IndexMetric;
  /**
   * FAISS factory string: `Flat`, `SQ8` (also `SQ4`, `SQ6`, `SQfp16`, `SQbf16`), `PQ48`, `HNSW32` (also `HNSW32,SQ8`),
   * `IVF256,Flat`, `IVF256,SQ8`, `IVF256,PQ48`, `IVF4096_HNSW32,...`; any of them after `PCA64,`, `OPQ48_192,`, `RR,`,
   * `L2norm,`, `Pad64,`. PCA subtracts the mean, which changes inner products: use it with `'l2'`. `,RFlat` at the end
   * also keeps the float32 vectors, to re-rank the candidates that the codes found.
   */
  factory: string;
  /** @internal For benchmarks and tests: keeps FAISS's own distance code and graph construction. */
  plain?: boolean;
}

export interface LoadIndexOptions {
  /**
   * Leaves vectors, codes and links in the file and maps it into memory: it opens immediately, and parts that are never
   * read take no memory. No vectors can be added. Everything that a search relies on is checked, but not the vectors
   * and the checksum. Do not write to the file while the index is open; replacing it with `save` is fine.
   *
   * @default false
   */
  map?: boolean;
  /** @internal For benchmarks and tests: keeps FAISS's own distance code and graph construction. */
  plain?: boolean;
}

export interface SelfRecallOptions extends CallOptions {
  /** Vectors to search for. @default 1000 */
  sample?: number;
}

const MAX_DIM = 65_536;
const DEFAULT_SAMPLE = 1000;
const MAX_SAMPLE = 1_000_000;

/**
 * A FAISS index of float32 vectors. Other FAISS programs can read the output of `save` (they ignore the checksum after
 * the index), and `load` reads their files, for the supported kinds of index.
 *
 * Calls can overlap: each sees the result of the calls before it. Vectors are read while a call runs, so do not write
 * to them before its promise settles.
 */
export class VectorIndex implements AsyncDisposable {
  readonly filterKind = 'rows';
  readonly #handle: IndexHandle;
  /** Undefined for a loaded index, which is already trained. */
  readonly #kind: IndexKind | undefined;
  #info: IndexInfo;
  #disposal: Promise<void> | undefined;

  private constructor({ handle, ...info }: OpenedIndex, kind?: IndexKind) {
    this.#handle = handle;
    this.#info = info;
    this.#kind = kind;
  }

  /**
   * Creates an empty index.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` naming the option or the invalid part of the factory string
   */
  static async create(options: VectorIndexOptions): Promise<VectorIndex> {
    const known = ['dim', 'metric', 'factory', 'efConstruction', 'trainIterations', 'plain'] as const;
    const given = expectOptions(options, 'options', known);
    const dim = expectInteger(given.dim, 'dim', 1, MAX_DIM);
    const metric = expectOneOf(given.metric, 'metric', INDEX_METRICS);
    const kind = parseFactory(given.factory, dim);
    const factory = expectString(given.factory, 'factory');
    const build = resolveBuildOptions(given, kind, factory);
    return new VectorIndex(await createIndex({ dim, metric, factory, ...build, plain: given.plain === true }), kind);
  }

  /**
   * Reads an index file. Checks the complete file first, so that a truncated or damaged one is rejected; with `map`,
   * everything except its vectors.
   *
   * @throws EngineError `ERR_DATA` (missing, damaged, or an unsupported kind of index), `ERR_IO`,
   *   `ERR_OUT_OF_MEMORY`
   */
  static async load(path: string, options?: LoadIndexOptions): Promise<VectorIndex> {
    const { map, plain } = expectOptions(options, 'options', ['map', 'plain']);
    if (map !== undefined && typeof map !== 'boolean') fail('ERR_ARG_TYPE', 'a boolean', 'map', map);
    return new VectorIndex(await loadIndex(expectPath(path, 'path'), { plain: plain === true, map: map === true }));
  }

  /** Reads an index from the bytes of an index file: see {@link load}. */
  static async fromBuffer(bytes: Uint8Array, options?: { plain?: boolean }): Promise<VectorIndex> {
    expectUint8Array(bytes, 'bytes');
    const { plain } = expectOptions(options, 'options', ['plain']);
    return new VectorIndex(await indexFromBytes(bytes, plain === true));
  }

  /** Entries of a vector. */
  get dim(): number {
    return this.#info.dim;
  }

  get metric(): IndexMetric {
    return this.#info.metric;
  }

  /** Vectors that can be found, as of the last settled call. */
  get size(): number {
    return this.#info.size - this.#info.removed;
  }

  /** Vectors added so far, including removed ones: the label of the next vector. */
  get rows(): number {
    return this.#info.size;
  }

  /** True if vectors, codes and links stay in the file: see {@link LoadIndexOptions}. */
  get isMapped(): boolean {
    return this.#info.mapped;
  }

  /** The factory string in canonical form; for a loaded index, one that would create the same kind of index. */
  get factory(): string {
    return this.#info.factory;
  }

  /** True if the index is trained or needs no training. */
  get isTrained(): boolean {
    return this.#info.trained;
  }

  /** Approximate memory of the index in bytes, without mapped data. */
  get bytes(): number {
    return this.#info.bytes;
  }

  /**
   * Trains lists, codes and transforms on sample vectors, which are not added. Does nothing if the index needs no
   * training. If the call fails or is cancelled, the index stays untrained. `onProgress` receives the number of
   * completed k-means iterations.
   *
   * @param vectors [rows, dim], row-major
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` (too few vectors, already trained, entries above 1e15),
   *   `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` naming the row, `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async train(vectors: Float32Array, options?: CallOptions): Promise<void> {
    const rows = this.#rows(vectors, 'vectors');
    const call = expectCallOptions(options);
    if (this.#kind?.minTrainRows === 0) return;
    if (this.isTrained) {
      throw new EngineError(
        'ERR_ARG_RANGE',
        `The index "${this.factory}" is already trained; create a new one to train on other vectors`,
      );
    }
    const least = this.#kind?.minTrainRows ?? 0;
    if (rows < least) {
      throw new EngineError(
        'ERR_ARG_RANGE',
        `Expected at least ${least} vectors to train "${this.factory}", got ${rows}`,
      );
    }
    this.#info = await trainIndex(this.#handle, vectors, rows, call);
  }

  /**
   * Adds vectors; their labels continue from `rows`. If the call fails or is cancelled, no vector is added.
   * `onProgress` receives the number of rows added so far.
   *
   * @param vectors [any, dim], row-major
   * @returns the label of the first vector
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` (not trained, mapped, more than 2^31 - 1 vectors, entries above
   *   1e15), `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` naming the row, `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async add(vectors: Float32Array, options?: CallOptions): Promise<number> {
    const rows = this.#rows(vectors, 'vectors');
    const call = expectCallOptions(options);
    if (!this.isTrained) {
      throw new EngineError(
        'ERR_ARG_RANGE',
        `The index "${this.factory}" must be trained before vectors can be added: call train() first`,
      );
    }
    this.#info = await addToIndex(this.#handle, vectors, rows, call);
    return this.#info.size - rows;
  }

  /**
   * Removes vectors from all later searches. The other labels stay, and the labels of removed vectors are not reused.
   * Removed vectors still take memory and searches still pass through them, so rebuild the index after removing many.
   * `save` stores the removals after the index, in bytes that other readers of FAISS files ignore: those readers still
   * see the removed vectors.
   *
   * @param labels may contain duplicates and labels that were already removed
   * @returns the number of vectors removed by this call
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` for a label that was never assigned, `ERR_DISPOSED`
   */
  async remove(labels: Int32Array): Promise<number> {
    this.#expectAlive();
    const unknown = expectInt32Array(labels, 'labels').find((label) => label < 0 || label >= this.rows);
    if (unknown !== undefined) fail('ERR_ARG_RANGE', `labels from 0 to ${this.rows - 1}`, 'labels', unknown);
    const { removedNow, ...info } = await removeFromIndex(this.#handle, labels);
    this.#info = info;
    return removedNow;
  }

  /**
   * Reserves memory for `size` vectors in total, so that adding them in batches does not reallocate. Without it, memory
   * grows by doubling. IVF indexes grow list by list and need no reservation.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_OUT_OF_MEMORY`, `ERR_DISPOSED`
   */
  async reserve(size: number): Promise<void> {
    this.#expectAlive();
    expectInteger(size, 'size', 0, 2 ** 31 - 1);
    this.#info = await reserveIndex(this.#handle, size);
  }

  /**
   * Finds the k nearest vectors of each query. `onProgress` receives the number of queries done.
   *
   * @param queries [any, dim], row-major
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` naming the row,
   *   `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async search(queries: Float32Array, options: IndexSearchOptions): Promise<SearchResult> {
    const { search, result, call } = this.#nearest(queries, options, QUERY_KEYS);
    await searchIndex(this.#handle, search, call);
    return result;
  }

  /**
   * Does the same as {@link search}, on one thread, and blocks the event loop meanwhile. It saves the way to another
   * thread and back, which takes longer than a lookup in a small index: see docs/search.md for figures. Use it for few
   * queries that take well under a millisecond, never for an index that a server searches while it answers others.
   *
   * @param queries [any, dim], row-major
   * @throws EngineError like {@link search}; `ERR_BUSY` while another call changes the index
   */
  searchSync(queries: Float32Array, options: SyncSearchOptions): SearchResult {
    const { search, result } = this.#nearest(queries, options, SYNC_QUERY_KEYS);
    searchIndexSync(this.#handle, search);
    return result;
  }

  /**
   * Finds all vectors within a radius, best first. Graph and IVF indexes compare only the candidates that `efSearch`
   * and `nprobe` select. With `RFlat`, exact distances decide among the vectors whose codes are within the radius.
   *
   * @param queries [any, dim], row-major
   * @throws EngineError like {@link search}; `ERR_OUT_OF_MEMORY` also for 2^31 or more results
   */
  async rangeSearch(queries: Float32Array, options: RangeSearchOptions): Promise<RangeSearchResult> {
    const rows = this.#rows(queries, 'queries');
    const given = expectOptions(options, 'options', ['radius', ...QUERY_KEYS]);
    const { radius } = given;
    if (typeof radius !== 'number') fail('ERR_ARG_TYPE', 'a number', 'radius', radius);
    if (!Number.isFinite(radius)) fail('ERR_ARG_RANGE', 'a finite number', 'radius', radius);
    const { native, call } = resolveQueryOptions(given, this.#applicable());
    if (this.size === 0) {
      return {
        offsets: allocateInt32(rows + 1, 'the offsets'),
        labels: new Int32Array(0),
        distances: new Float32Array(0),
      };
    }
    return rangeSearchIndex(this.#handle, { queries, rows, radius, ...native }, call);
  }

  /**
   * Measures whether a graph has lost vectors: the share of sampled vectors for which a search that keeps 64 candidates
   * (or more by default) finds the vector itself or one that is as near. If it is below 0.99 after many single
   * additions, build the index again. If it is still below, the codes (`SQ8`) may be too coarse, because vectors differ
   * too much in length; choose another kind. Indexes without a graph cannot lose vectors; for them, the result is 1.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async selfRecall(options?: SelfRecallOptions): Promise<number> {
    this.#expectAlive();
    const { sample, signal, onProgress } = expectOptions(options, 'options', ['sample', 'signal', 'onProgress']);
    const rows = sample === undefined ? DEFAULT_SAMPLE : expectInteger(sample, 'sample', 1, MAX_SAMPLE);
    return indexSelfRecall(this.#handle, rows, resolveCallOptions(signal, onProgress));
  }

  /**
   * Writes the index to a file. The file appears complete or not at all; an older file with that name is kept until
   * then.
   *
   * @throws EngineError `ERR_IO` (disk full, no permission), `ERR_ARG_RANGE` (not trained), `ERR_DISPOSED`
   */
  async save(path: string): Promise<void> {
    this.#expectAlive();
    expectPath(path, 'path');
    this.#expectTrainedToStore();
    await saveIndex(this.#handle, path);
  }

  /** Returns the bytes that {@link save} would write. Takes twice their size in memory while it runs. */
  async toBuffer(): Promise<Uint8Array> {
    this.#expectAlive();
    this.#expectTrainedToStore();
    return indexToBytes(this.#handle);
  }

  /** Frees the memory once the calls in flight have finished. Idempotent; later calls fail with `ERR_DISPOSED`. */
  dispose(): Promise<void> {
    this.#disposal ??= disposeIndex(this.#handle);
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #applicable(): { factory: string; graph: boolean; lists: boolean; rerank: boolean } {
    const { efSearch, nprobe, rerank } = this.#info;
    return { factory: this.factory, graph: efSearch > 0, lists: nprobe > 0, rerank: rerank > 0 };
  }

  #expectAlive(): void {
    if (this.#disposal) throw new EngineError('ERR_DISPOSED', 'The index was disposed');
  }

  #expectTrainedToStore(): void {
    if (!this.isTrained)
      throw new EngineError('ERR_ARG_RANGE', `The index "${this.factory}" must be trained before it can be saved`);
  }

  /** Checks a search, and allocates its result. */
  #nearest(queries: Float32Array, options: IndexSearchOptions, keys: readonly (keyof IndexQueryOptions)[]) {
    const rows = this.#rows(queries, 'queries');
    const given = expectOptions(options, 'options', ['k', ...keys]);
    const k = expectInteger(given.k, 'k', 1);
    if (k > this.size) fail('ERR_ARG_RANGE', `at most the number of vectors in the index, ${this.size},`, 'k', k);
    const { native, call } = resolveQueryOptions(given, this.#applicable());
    const result = allocateSearchResult(rows, k);
    return { search: { queries, rows, ...result, ...native }, result, call };
  }

  #rows(vectors: unknown, name: string): number {
    this.#expectAlive();
    return expectVectors(vectors, name, this.dim);
  }
}
