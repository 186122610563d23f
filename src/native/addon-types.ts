/**
 * Every export of the native addon, with the signature that is repeated above its C++ entry point. A test compares
 * these names with the loaded ones. Internal: people use the typed wrappers beside this file.
 *
 * `control` is the block of `native/core/control.h`: [cancel, progress].
 */
export interface NativeCapabilities {
  /** `'cpu'`, later also `'cuda'`. */
  backend: string;
  /** Instruction set in use, by Highway's name, for example `AVX3_ZEN4`, `AVX2`. */
  simd: string;
  /** Instruction sets that this CPU has and this build contains, best first. */
  simdSupported: string[];
  /** Threads that a wide operation uses. */
  threads: number;
  /** Whether bf16 products run on units of this CPU or are computed in f32 from rounded inputs. */
  bf16: 'native' | 'emulated';
  /** The same for int8 products. */
  int8: 'native' | 'emulated';
  /** Versions of the libraries that the addon was built with. */
  libraries: Record<string, string>;
}

/** A prepared base of exact top-k; opaque, see native/binding/topk.cc. */
export interface TopkHandle {
  readonly __topkHandle: never;
}

/** Opaque: what the addon holds of a vector index. */
export interface IndexHandle {
  readonly __index: never;
}

/** A vector index as it was after the job that returned this. */
export interface IndexInfo {
  dim: number;
  size: number;
  metric: 'ip' | 'l2';
  trained: boolean;
  /** Factory string in canonical form. */
  factory: string;
  /** Default of searches; 0 where the kind has no graph. */
  efSearch: number;
  /** 0 where the kind has no graph. */
  efConstruction: number;
  /** Default of searches; 0 where the kind has no lists. */
  nprobe: number;
  /** Bytes of memory, about. */
  bytes: number;
}

export interface OpenedIndex extends IndexInfo {
  handle: IndexHandle;
}

export interface RangeSearchResult {
  /** queries + 1 entries: the results of query i are entries offsets[i] to offsets[i + 1] - 1. */
  offsets: Int32Array;
  labels: Int32Array;
  distances: Float32Array;
}

export interface Addon {
  capabilities(): NativeCapabilities;
  configure(threads: number, simd: string): void;

  l2Normalize(vectors: Float32Array, out: Float32Array, rows: number, dim: number, control?: Int32Array): Promise<void>;
  pool(
    hidden: Float32Array,
    offsets: Int32Array,
    pooling: 0 | 1,
    out: Float32Array,
    sequences: number,
    dim: number,
    control?: Int32Array,
  ): Promise<void>;
  matmul(
    a: Float32Array,
    b: Float32Array,
    out: Float32Array,
    m: number,
    n: number,
    k: number,
    transposeA: boolean,
    transposeB: boolean,
    precision: 0 | 1,
    control?: Int32Array,
  ): Promise<void>;

  topkStorage(dim: number, queries: number): number;
  topkPrepare(
    base: Float32Array,
    baseRows: number,
    dim: number,
    metric: number,
    storage: number,
    control?: Int32Array,
  ): Promise<TopkHandle>;
  topkSearch(
    handle: TopkHandle,
    queries: Float32Array,
    queryRows: number,
    k: number,
    indices: Int32Array,
    scores: Float32Array,
    control?: Int32Array,
  ): Promise<void>;
  topkRelease(handle: TopkHandle): void;

  indexCreate(
    dim: number,
    metric: 0 | 1,
    factory: string,
    efConstruction: number,
    trainIterations: number,
    plain: boolean,
  ): Promise<OpenedIndex>;
  indexLoad(path: string, plain: boolean): Promise<OpenedIndex>;
  indexFromBytes(bytes: Uint8Array, plain: boolean): Promise<OpenedIndex>;
  indexTrain(index: IndexHandle, vectors: Float32Array, rows: number, control?: Int32Array): Promise<IndexInfo>;
  indexAdd(index: IndexHandle, vectors: Float32Array, rows: number, control?: Int32Array): Promise<IndexInfo>;
  indexReserve(index: IndexHandle, rows: number): Promise<IndexInfo>;
  indexSearch(
    index: IndexHandle,
    queries: Float32Array,
    rows: number,
    k: number,
    labels: Int32Array,
    distances: Float32Array,
    efSearch: number,
    nprobe: number,
    control?: Int32Array,
  ): Promise<void>;
  indexRangeSearch(
    index: IndexHandle,
    queries: Float32Array,
    rows: number,
    radius: number,
    efSearch: number,
    nprobe: number,
    control?: Int32Array,
  ): Promise<RangeSearchResult>;
  indexSave(index: IndexHandle, path: string): Promise<void>;
  indexToBytes(index: IndexHandle): Promise<Uint8Array>;
  indexDispose(index: IndexHandle): Promise<void>;
}

/** Names of all exports; the compiler keeps the list complete and free of strangers. */
export const ADDON_EXPORTS = Object.keys({
  capabilities: true,
  configure: true,
  l2Normalize: true,
  pool: true,
  matmul: true,
  topkStorage: true,
  topkPrepare: true,
  topkSearch: true,
  topkRelease: true,
  indexCreate: true,
  indexLoad: true,
  indexFromBytes: true,
  indexTrain: true,
  indexAdd: true,
  indexReserve: true,
  indexSearch: true,
  indexRangeSearch: true,
  indexSave: true,
  indexToBytes: true,
  indexDispose: true,
} satisfies Record<keyof Addon, true>);
