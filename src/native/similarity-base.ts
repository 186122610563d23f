import { EngineError } from '../core/errors.js';
import type { TopkHandle } from './addon-types.js';
import { type CallOptions, callNative } from './call.js';
import { addon } from './loader.js';
import { expectCallback, expectInteger, expectMatrix, expectOneOf, expectOptions, expectSignal } from './validate.js';

const METRICS = ['ip', 'l2', 'cosine'] as const;
const STORAGES = ['f32', 'f16', 'bf16', 'int8'] as const;
const MAX_ROWS = 2 ** 31 - 1; // indices are Int32
const MAX_DIM = 2 ** 20; // the error bound is proved up to here

export type Metric = (typeof METRICS)[number];
/** How the base is held for the scan; the result is the same for each of them. */
export type Storage = (typeof STORAGES)[number];

export interface SimilarityBaseOptions extends CallOptions {
  /** [baseRows, dim], row-major. Not copied: it must stay as it is until the base is disposed. */
  base: Float32Array;
  /** 1 to 2^31 - 1. */
  baseRows: number;
  /** 1 to 2^20. */
  dim: number;
  /** `'l2'` is the squared Euclidean distance. The cosine with a zero row is 0. */
  metric: Metric;
  /** @default 'auto': the fastest on this CPU */
  storage?: Storage | 'auto' | undefined;
}

/** Best rows of every query, [queryRows, k] each, best first, equal scores by smaller index. */
export interface TopK {
  /** Row numbers of the base. */
  indices: Int32Array;
  /** `ip` and `cosine`: largest first; `l2`: squared distances, smallest first. Computed in double precision. */
  scores: Float32Array;
}

/**
 * Rows to search again and again, prepared once for exact top-k (native/ops/topk.h has the method and its proof). Holds
 * native memory besides the rows: 1, 2 or 2 bytes an entry for int8, f16 and bf16, none for f32, and about 16 bytes a
 * row.
 */
export class SimilarityBase {
  readonly rows: number;
  readonly dim: number;
  readonly metric: Metric;
  /** What `'auto'` became. */
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
   * Prepares a base in one pass over its rows; `onProgress` is not called.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` (naming the row),
   *   `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`
   */
  static async create(options: SimilarityBaseOptions): Promise<SimilarityBase> {
    expectOptions(options, 'options', ['base', 'baseRows', 'dim', 'metric', 'storage', 'signal', 'onProgress']);
    return SimilarityBase.prepare(options, Number.MAX_SAFE_INTEGER);
  }

  /**
   * The same for about `queries` queries in all, which `'auto'` weighs against the cost of converting the rows.
   *
   * @internal
   */
  static async prepare(
    options: SimilarityBaseOptions,
    queries: number,
    hideAbove: (...args: never[]) => unknown = callNative,
  ): Promise<SimilarityBase> {
    const rows = expectInteger(options.baseRows, 'baseRows', 1, MAX_ROWS);
    const dim = expectInteger(options.dim, 'dim', 1, MAX_DIM);
    const base = expectMatrix(options.base, 'base', rows, dim);
    const metric = expectOneOf(options.metric, 'metric', METRICS);
    const wanted = expectOneOf(options.storage ?? 'auto', 'storage', ['auto', ...STORAGES]);
    const signal = expectSignal(options.signal, 'signal');
    expectCallback(options.onProgress, 'onProgress');
    const storage = wanted === 'auto' ? STORAGES[addon().topkStorage(dim, queries)]! : wanted;
    const handle = await callNative(hideAbove, { signal }, (control) =>
      addon().topkPrepare(base, rows, dim, METRICS.indexOf(metric), STORAGES.indexOf(storage), control),
    );
    return new SimilarityBase(handle, rows, dim, metric, storage);
  }

  /**
   * The k best rows of every query, exactly. Searches of one base may run at the same time.
   *
   * @param queries [queryRows, dim], row-major
   * @param k 1 to the number of rows
   * @param options `onProgress` gets the number of base rows that have been compared, averaged over all queries.
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` (naming the row),
   *   `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async topK(queries: Float32Array, queryRows: number, k: number, options: CallOptions = {}): Promise<TopK> {
    expectOptions(options, 'options', ['signal', 'onProgress']);
    return this.search(queries, queryRows, k, options);
  }

  /** @internal */
  async search(
    queries: Float32Array,
    queryRows: number,
    k: number,
    options: CallOptions,
    hideAbove: (...args: never[]) => unknown = callNative,
  ): Promise<TopK> {
    expectInteger(queryRows, 'queryRows', 0, MAX_ROWS);
    expectMatrix(queries, 'queries', queryRows, this.dim);
    expectInteger(k, 'k', 1, this.rows);
    expectSignal(options.signal, 'signal');
    expectCallback(options.onProgress, 'onProgress');
    if (this.#disposal) throw new EngineError('ERR_DISPOSED', 'The base was disposed', { hideAbove });
    const result = emptyResult(queryRows, k);
    if (queryRows === 0) return result;
    const running = callNative(hideAbove, options, (control) =>
      addon().topkSearch(this.#handle, queries, queryRows, k, result.indices, result.scores, control),
    );
    this.#running.add(running);
    try {
      await running;
    } finally {
      this.#running.delete(running);
    }
    return result;
  }

  /** Releases the native memory once running searches are done. Further calls return the same promise. */
  dispose(): Promise<void> {
    this.#disposal ??= Promise.allSettled(this.#running).then(() => addon().topkRelease(this.#handle));
    return this.#disposal;
  }
}

function emptyResult(queryRows: number, k: number): TopK {
  try {
    return { indices: new Int32Array(queryRows * k), scores: new Float32Array(queryRows * k) };
  } catch (cause) {
    throw new EngineError('ERR_OUT_OF_MEMORY', `Not enough host memory for the ${queryRows} x ${k} best rows`, {
      cause,
    });
  }
}
