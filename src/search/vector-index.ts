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
import { type CallOptions, expectCallOptions } from '../native/call.js';
import {
  addToIndex,
  createIndex,
  disposeIndex,
  indexFromBytes,
  indexToBytes,
  loadIndex,
  rangeSearchIndex,
  removeFromIndex,
  reserveIndex,
  saveIndex,
  searchIndex,
  trainIndex,
} from '../native/index-handle.js';
import { INDEX_METRICS, type IndexMetric } from '../native/metrics.js';
import { allocateSearchResult, type SearchResult } from '../native/search-result.js';
import { type IndexKind, parseFactory } from './factory.js';
import {
  type BuildOptions,
  type IndexSearchOptions,
  QUERY_KEYS,
  type RangeSearchOptions,
  resolveBuildOptions,
  resolveQueryOptions,
} from './index-options.js';

export type { RangeSearchResult } from '../native/addon-types.js';

export interface VectorIndexOptions extends BuildOptions {
  /** Entries of a vector, from 1 to 65,536. */
  dim: number;
  metric: IndexMetric;
  /**
   * FAISS factory string: `Flat`, `SQ8` (also `SQ4`, `SQ6`, `SQfp16`, `SQbf16`), `PQ48`, `HNSW32` (also `HNSW32,SQ8`),
   * `IVF256,Flat`, `IVF256,SQ8`, `IVF256,PQ48`, `IVF4096_HNSW32,...`; any of them behind `PCA64,`, `OPQ48_192,`, `RR,`,
   * `L2norm,`, `Pad64,`. PCA takes the mean off, which inner products do not survive: use it with `'l2'`. `,RFlat` at
   * the end keeps the float32 vectors too, by which the candidates that the codes have found are ranked again.
   */
  factory: string;
  /** @internal For benchmarks and tests: keeps FAISS's own distance code and graph construction. */
  plain?: boolean;
}

export interface LoadIndexOptions {
  /**
   * Leaves vectors, codes and links in the file, which is mapped into memory: open at once, and what is not looked at
   * takes no memory. Nothing can be added then. Everything that a search relies on is checked, vectors and checksum are
   * not. The file must not be written to while the index is open; `save` replaces a file and may be used.
   *
   * @default false
   */
  map?: boolean;
  /** @internal For benchmarks and tests: keeps FAISS's own distance code and graph construction. */
  plain?: boolean;
}

const MAX_DIM = 65_536;

/**
 * A FAISS index of float32 vectors. Its files are FAISS files: `save` writes what any FAISS reads (a checksum follows
 * the index, which FAISS ignores), `load` reads what any FAISS wrote, as far as the kinds above go.
 *
 * Calls may overlap: each works on the index as the calls before it leave it. Vectors are read while a call runs, so do
 * not write to them before its promise settles.
 */
export class VectorIndex implements AsyncDisposable {
  readonly filterKind = 'rows';
  readonly #handle: IndexHandle;
  /** Undefined for a loaded index, which needs no training. */
  readonly #kind: IndexKind | undefined;
  #info: IndexInfo;
  #disposal: Promise<void> | undefined;

  private constructor({ handle, ...info }: OpenedIndex, kind?: IndexKind) {
    this.#handle = handle;
    this.#info = info;
    this.#kind = kind;
  }

  /**
   * Makes an empty index.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` naming the option or the part of the factory string
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
   * Reads an index file. The whole file is checked first, so a truncated or damaged one is refused, not believed; with
   * `map` all but its vectors.
   *
   * @throws EngineError `ERR_DATA` (missing, damaged, or of a kind that is not supported), `ERR_IO`,
   *   `ERR_OUT_OF_MEMORY`
   */
  static async load(path: string, options?: LoadIndexOptions): Promise<VectorIndex> {
    const { map, plain } = expectOptions(options, 'options', ['map', 'plain']);
    if (map !== undefined && typeof map !== 'boolean') fail('ERR_ARG_TYPE', 'a boolean', 'map', map);
    return new VectorIndex(await loadIndex(expectPath(path, 'path'), { plain: plain === true, map: map === true }));
  }

  /** Like {@link load}, from the bytes of such a file. */
  static async fromBuffer(bytes: Uint8Array, options?: Pick<LoadIndexOptions, 'plain'>): Promise<VectorIndex> {
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

  /** Vectors that can be found, as of the last call that has settled. */
  get size(): number {
    return this.#info.size - this.#info.removed;
  }

  /** Vectors that were added, also those that were removed: the label that the next one gets. */
  get rows(): number {
    return this.#info.size;
  }

  /** Whether vectors, codes and links stay in the file: see {@link LoadIndexOptions}. */
  get isMapped(): boolean {
    return this.#info.mapped;
  }

  /** The factory string in canonical form; for a loaded index, one that would make such an index. */
  get factory(): string {
    return this.#info.factory;
  }

  /** Whether vectors can be added. */
  get isTrained(): boolean {
    return this.#info.trained;
  }

  /** Memory that the index takes, in bytes, about; without what is mapped. */
  get bytes(): number {
    return this.#info.bytes;
  }

  /**
   * Learns lists, codes and transforms from sample vectors, which are not added. An index that needs no training
   * accepts the call and does nothing. Cancelled or failed, it leaves the index untrained. `onProgress` receives the
   * number of k-means iterations done.
   *
   * @param vectors [rows, dim], row-major
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` (too few vectors, trained before, entries above 1e15),
   *   `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` naming the row, `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async train(vectors: Float32Array, options?: CallOptions): Promise<void> {
    const rows = this.#rows(vectors, 'vectors');
    const call = expectCallOptions(options);
    if (this.#kind?.minTrainRows === 0) return;
    if (this.isTrained) {
      throw new EngineError(
        'ERR_ARG_RANGE',
        `The index "${this.factory}" is trained already; make a new one to train it on other vectors`,
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
   * Adds vectors; their labels continue from `rows`. All are added, or none when the call fails or is cancelled.
   * `onProgress` receives the number of rows done.
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
        `The index "${this.factory}" must be trained before vectors are added: call train() first`,
      );
    }
    this.#info = await addToIndex(this.#handle, vectors, rows, call);
    return this.#info.size - rows;
  }

  /**
   * Removes vectors: no search finds them from then on. The labels of the others stay, and those of removed vectors are
   * not given again. Their memory stays taken and searches still pass through them, so build the index anew when many
   * are gone. `save` keeps what was removed, in bytes after the index that other readers of FAISS files ignore: they
   * still see these vectors.
   *
   * @param labels may name a vector twice or one that was removed before
   * @returns how many were removed
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` for a label that was never given, `ERR_DISPOSED`
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
   * Makes room for `size` vectors in all, so that adding them in parts neither moves nor doubles what is there. Without
   * it, memory grows by doubling. IVF indexes grow list by list and need no reservation.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_OUT_OF_MEMORY`, `ERR_DISPOSED`
   */
  async reserve(size: number): Promise<void> {
    this.#expectAlive();
    expectInteger(size, 'size', 0, 2 ** 31 - 1);
    this.#info = await reserveIndex(this.#handle, size);
  }

  /**
   * The k nearest vectors of each query. `onProgress` receives the number of queries done.
   *
   * @param queries [any, dim], row-major
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` naming the row,
   *   `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async search(queries: Float32Array, options: IndexSearchOptions): Promise<SearchResult> {
    const rows = this.#rows(queries, 'queries');
    const given = expectOptions(options, 'options', ['k', ...QUERY_KEYS]);
    const k = expectInteger(given.k, 'k', 1);
    if (k > this.size) fail('ERR_ARG_RANGE', `at most the number of vectors in the index, ${this.size},`, 'k', k);
    const { native, call } = resolveQueryOptions(given, this.#applicable());
    const result = allocateSearchResult(rows, k);
    await searchIndex(this.#handle, { queries, rows, ...result, ...native }, call);
    return result;
  }

  /**
   * All vectors nearer than a radius, best first. Graph and IVF indexes compare only the candidates that `efSearch` and
   * `nprobe` select; with `RFlat`, exact distances decide among those that the codes put within the radius.
   *
   * @param queries [any, dim], row-major
   * @throws EngineError as {@link search}; `ERR_OUT_OF_MEMORY` also for 2^31 results or more
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
   * Writes the index to a file, which appears complete or not at all; an older file of that name stays until then.
   *
   * @throws EngineError `ERR_IO` (disk full, no permission), `ERR_ARG_RANGE` (not trained), `ERR_DISPOSED`
   */
  async save(path: string): Promise<void> {
    this.#expectAlive();
    expectPath(path, 'path');
    this.#expectTrainedToStore();
    await saveIndex(this.#handle, path);
  }

  /** The bytes that {@link save} would write. Needs their size twice while it runs. */
  async toBuffer(): Promise<Uint8Array> {
    this.#expectAlive();
    this.#expectTrainedToStore();
    return indexToBytes(this.#handle);
  }

  /** Frees the memory once the calls in flight are done. Idempotent; later calls fail with `ERR_DISPOSED`. */
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
      throw new EngineError('ERR_ARG_RANGE', `The index "${this.factory}" must be trained before it is stored`);
  }

  #rows(vectors: unknown, name: string): number {
    this.#expectAlive();
    return expectVectors(vectors, name, this.dim);
  }
}
