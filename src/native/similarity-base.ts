import { EngineError } from '../core/errors.js';
import {
  expectCallback,
  expectInteger,
  expectOneOf,
  expectOptions,
  expectSignal,
  expectVectors,
} from '../core/validate.js';
import type { TopkHandle } from './addon-types.js';
import { type CallOptions, callNative } from './call.js';
import { addon } from './loader.js';
import { METRICS, type Metric } from './metrics.js';
import { allocateSearchResult, type SearchResult } from './search-result.js';
import { STORAGES, type Storage } from './storages.js';

export const MAX_ROWS = 2 ** 31 - 1; // labels are Int32
export const MAX_DIM = 2 ** 20; // the error bound is proven up to this dimension

/** Options of the constructor of `SimilarityBase`. */
export interface SimilarityBaseOptions {
  /** [rows, dim], row-major, at least one row. Not copied: do not change it until the base is disposed. */
  base: Float32Array;
  /** Entries of a row, from 1 to 2^20. */
  dim: number;
  metric: Metric;
  /** @default 'auto': the fastest on this CPU */
  storage?: Storage | 'auto' | undefined;
  /** Cancels the preparation. */
  signal?: AbortSignal | undefined;
}

/** Options of `SimilarityBase.search`. */
export interface SimilaritySearchOptions extends CallOptions {
  /** Neighbours per query, from 1 to the number of rows. */
  k: number;
}

/** A function whose stack frame, and all frames inside it, are removed from the stacks of errors. */
type PublicFunction = (...args: never[]) => unknown;

/**
 * A matrix of rows that is prepared once for repeated exact search (native/ops/topk.h describes and proves the method).
 * In addition to the rows, it takes native memory: 1 byte per entry for int8, 2 for f16 and bf16, none for f32, and
 * about 16 bytes per row.
 */
export class SimilarityBase implements AsyncDisposable {
  readonly rows: number;
  readonly dim: number;
  readonly metric: Metric;
  /** Storage format in use; for `'auto'`, the format that was chosen. */
  readonly storage: Storage;
  readonly #handle: TopkHandle;
  readonly #running = new Set<Promise<unknown>>();
  #disposal: Promise<void> | undefined;

  private constructor(handle: TopkHandle, rows: number, dim: number, metric: Metric, storage: Storage) {
    this.#handle = handle;
    this.rows = rows;
    this.dim = dim;
    this.metric = metric;
    this.storage = storage;
  }

  /**
   * Prepares a base in one pass over its rows.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` (naming the row),
   *   `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`
   */
  static async create(options: SimilarityBaseOptions): Promise<SimilarityBase> {
    const keys = ['base', 'dim', 'metric', 'storage', 'signal'] as const;
    const given = expectOptions(options, 'options', keys) as Partial<SimilarityBaseOptions>;
    return SimilarityBase.prepare(given, Number.MAX_SAFE_INTEGER);
  }

  /**
   * Prepares a base like {@link create}. `'auto'` weighs the cost of converting the rows against the number of queries.
   *
   * @param queries expected number of queries over the lifetime of the base
   * @internal
   */
  static async prepare(
    options: Partial<SimilarityBaseOptions>,
    queries: number,
    hideAbove: PublicFunction = callNative,
  ): Promise<SimilarityBase> {
    const { base, dim, rows } = expectBase(options);
    const metric = expectOneOf(options.metric, 'metric', METRICS);
    const wanted = expectOneOf(options.storage ?? 'auto', 'storage', ['auto', ...STORAGES]);
    const signal = expectSignal(options.signal, 'signal');
    const storage = wanted === 'auto' ? addon().topkStorage(dim, queries) : wanted;
    const handle = await callNative(hideAbove, { signal }, (control) =>
      addon().topkPrepare(base, rows, dim, metric, storage, control),
    );
    return new SimilarityBase(handle, rows, dim, metric, storage);
  }

  /**
   * Finds the exact k nearest rows of every query; ties go to the smaller row. Searches of one base can overlap.
   *
   * @param queries [any, dim], row-major
   * @param options `onProgress` receives the number of base rows compared so far, averaged over the queries
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` (naming the row),
   *   `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async search(queries: Float32Array, options: SimilaritySearchOptions): Promise<SearchResult> {
    const given = expectOptions(options, 'options', ['k', 'signal', 'onProgress']);
    return this.run(queries, given as Partial<SimilaritySearchOptions>);
  }

  /** @internal */
  async run(
    queries: Float32Array | undefined,
    options: Partial<SimilaritySearchOptions>,
    hideAbove: PublicFunction = callNative,
  ): Promise<SearchResult> {
    const rows = expectVectors(queries, 'queries', this.dim);
    const k = expectInteger(options.k, 'k', 1, this.rows);
    const signal = expectSignal(options.signal, 'signal');
    const onProgress = expectCallback(options.onProgress, 'onProgress');
    if (this.#disposal) throw new EngineError('ERR_DISPOSED', 'The base was disposed', { hideAbove });
    const result = allocateSearchResult(rows, k);
    if (rows === 0) return result;
    const running = callNative(hideAbove, { signal, onProgress }, (control) =>
      addon().topkSearch(this.#handle, { queries: queries!, rows, ...result }, control),
    );
    this.#running.add(running);
    try {
      await running;
    } finally {
      this.#running.delete(running);
    }
    return result;
  }

  /** Frees the native memory once the searches in flight have finished. Idempotent. */
  dispose(): Promise<void> {
    this.#disposal ??= Promise.allSettled(this.#running).then(() => addon().topkRelease(this.#handle));
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** Checks the rows to search. Rejects an empty base. */
export function expectBase(options: { base?: unknown; dim?: unknown }): {
  base: Float32Array;
  dim: number;
  rows: number;
} {
  const dim = expectInteger(options.dim, 'dim', 1, MAX_DIM);
  const rows = expectVectors(options.base, 'base', dim, 1, MAX_ROWS);
  return { base: options.base as Float32Array, dim, rows };
}
