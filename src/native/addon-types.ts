/**
 * All exports of the native addon. Their signatures are repeated above the C++ entry points. A test compares these
 * names with those of the loaded addon. Internal: use the typed wrappers beside this file.
 *
 * `control` is the block of `native/core/control.h`: [cancel, progress].
 */
import type { EncoderSpec, NativeEncoder } from './encoder-types.js';
import type { IndexMetric, Metric } from './metrics.js';
import type { NgramSettings } from './ngram-settings.js';
import type {
  LinearSvmSettings,
  NativeNgramEncode,
  NativeNgramScore,
  NativeNgramSteps,
  NativeRowBags,
  NativeSvmClasses,
  NgramTableData,
  NgramTrainerSettings,
  NgramTrainerState,
} from './ngram-types.js';
import type {
  NativeInfoNce,
  NativeMatmul,
  NativeRangeSearch,
  NativeSearch,
  NativeTokenizerSettings,
  NativeTopkSearch,
} from './operation-types.js';
import type { Pooling } from './pooling.js';
import type { EncoderPrecision } from './precisions.js';
import type { Storage } from './storages.js';
import type { TestKernels } from './test-kernels.js';

/** What the addon and this machine can do. */
export interface NativeCapabilities {
  /** Backend of this addon: `'cpu'`. `Capabilities` has the backend in use. */
  backend: string;
  /** Instruction set in use, by its Highway name, such as `AVX3_ZEN4` or `AVX2`. */
  simd: string;
  /** Instruction sets that both this CPU and this build support, best first. */
  simdSupported: string[];
  /** Number of threads of a parallel operation. */
  threads: number;
  /** `'native'`: the CPU has bf16 units; `'emulated'`: bf16 products are computed in f32 from rounded inputs. */
  bf16: 'native' | 'emulated';
  /** The same for int8 products. */
  int8: 'native' | 'emulated';
  /** True if bf16 and int8 products run on AMX units. */
  amx: boolean;
  /** Versions of the libraries in the addon. */
  libraries: Record<string, string>;
}

/** Names that native code knows for each named choice, in the order of their values. */
export type NativeNames = Record<
  'metrics' | 'storages' | 'infoNceModes' | 'poolings' | 'precisions' | 'positions' | 'activations' | 'ngramKinds',
  string[]
>;

/** Work done by the process since it loaded the addon: see native/core/work_counters.h. */
export interface WorkCounters {
  /** Number of scratch buffers allocated by operations, and their total size. */
  allocations: number;
  allocatedBytes: number;
  /** Number of dense products, and of their multiply-add operations. */
  products: number;
  multiplyAdds: number;
  /** Number of tiles of the loss and of exact top-k. */
  tiles: number;
}

/** A native tokenizer, opaque to TypeScript. */
export interface TokenizerHandle {
  readonly kind: unique symbol;
}

/** A table of n-gram embeddings, opaque to TypeScript. */
export interface NgramTableHandle {
  readonly __ngramTable: never;
}

/** The n-gram features of many texts, opaque to TypeScript. */
export interface NgramCorpusHandle {
  readonly __ngramCorpus: never;
}

/** A table in training, opaque to TypeScript. */
export interface NgramTrainerHandle {
  readonly __ngramTrainer: never;
}

/** Features of texts that linear classifiers are trained on, opaque to TypeScript. */
export interface LinearSvmHandle {
  readonly __linearSvm: never;
}

/** A prepared base of exact top-k; opaque, see native/binding/topk.cc. */
export interface TopkHandle {
  readonly __topkHandle: never;
}

/** A vector index in the addon, opaque to TypeScript. */
export interface IndexHandle {
  readonly __index: never;
}

/** State of a vector index after the job that returned this object. */
export interface IndexInfo {
  dim: number;
  /** Number of added rows, including removed ones. */
  size: number;
  /** Number of removed rows. */
  removed: number;
  metric: IndexMetric;
  trained: boolean;
  /** Factory string in canonical form. */
  factory: string;
  /** Default for searches; 0 if the index has no graph. */
  efSearch: number;
  /** 0 if the index has no graph. */
  efConstruction: number;
  /** Default for searches; 0 if the index has no lists. */
  nprobe: number;
  /** Candidates per result that are re-ranked by exact distances; 0 without re-ranking. */
  rerank: number;
  /** True if vectors, codes and links stay in the file. */
  mapped: boolean;
  /** Approximate memory in bytes. */
  bytes: number;
}

export interface OpenedIndex extends IndexInfo {
  handle: IndexHandle;
}

/** The rows within a radius of each query. */
export interface RangeSearchResult {
  /** `[queries + 1]`: the results of query i are entries offsets[i] to offsets[i + 1] - 1. */
  offsets: Int32Array;
  labels: Int32Array;
  distances: Float32Array;
}

export interface Addon {
  testKernels: TestKernels;
  EncoderHandle: new (spec: EncoderSpec, precision: EncoderPrecision) => NativeEncoder;

  capabilities(): NativeCapabilities;
  /** Names that cross the boundary. A test compares them with the lists in this folder. */
  names(): NativeNames;
  configure(threads: number, simd: string): void;
  workCounters(): WorkCounters;
  trimMemory(): Promise<void>;

  l2Normalize(vectors: Float32Array, out: Float32Array, rows: number, dim: number, control?: Int32Array): Promise<void>;
  pool(
    hidden: Float32Array,
    offsets: Int32Array,
    pooling: Pooling,
    out: Float32Array,
    sequences: number,
    dim: number,
    control?: Int32Array,
  ): Promise<void>;
  matmul(product: NativeMatmul, control?: Int32Array): Promise<void>;

  createTokenizer(settings: NativeTokenizerSettings): TokenizerHandle;
  encodeTexts(
    tokenizer: TokenizerHandle,
    texts: readonly string[],
    maxTokens: number,
    offsets: Int32Array,
    control?: Int32Array,
  ): Promise<Int32Array>;
  disposeTokenizer(tokenizer: TokenizerHandle): void;

  extractNgrams(
    texts: readonly string[],
    settings: NgramSettings,
    offsets: Int32Array,
    control?: Int32Array,
  ): Promise<{ ids: Uint32Array; counts: Uint8Array }>;

  /** Keeps the arrays, which must not change, until the handle is disposed. */
  ngramTableCreate(table: NgramTableData, control?: Int32Array): Promise<NgramTableHandle>;
  ngramTableEncode(
    table: NgramTableHandle,
    texts: readonly string[],
    options: NativeNgramEncode,
    control?: Int32Array,
  ): Promise<void>;
  ngramTableScore(
    table: NgramTableHandle,
    texts: readonly string[],
    options: NativeNgramScore,
    control?: Int32Array,
  ): Promise<void>;
  ngramTableEncodeRows(table: NgramTableHandle, bags: NativeRowBags, control?: Int32Array): Promise<void>;
  ngramTableDispose(table: NgramTableHandle): void;
  ngramCorpusCreate(groups: readonly NgramSettings[]): NgramCorpusHandle;
  /** Resolves to the numbers of all texts and features of the corpus. */
  ngramCorpusAdd(
    corpus: NgramCorpusHandle,
    texts: readonly string[],
    control?: Int32Array,
  ): Promise<{ size: number; features: number }>;
  ngramCorpusDispose(corpus: NgramCorpusHandle): void;
  ngramTrainerCreate(
    corpus: NgramCorpusHandle,
    settings: NgramTrainerSettings,
    base?: NgramTableHandle,
    control?: Int32Array,
  ): Promise<{ handle: NgramTrainerHandle; rows: number; texts: number }>;
  ngramTrainerSteps(trainer: NgramTrainerHandle, steps: NativeNgramSteps, control?: Int32Array): Promise<void>;
  /** Copies the state to the given arrays. */
  ngramTrainerRead(trainer: NgramTrainerHandle, state: NgramTrainerState): Promise<void>;
  /** Replaces the state by a copy of the given one. */
  ngramTrainerWrite(trainer: NgramTrainerHandle, state: NgramTrainerState): Promise<void>;
  ngramTrainerDispose(trainer: NgramTrainerHandle): void;
  linearSvmCreate(
    corpus: NgramCorpusHandle,
    settings: LinearSvmSettings,
    control?: Int32Array,
  ): Promise<{ handle: LinearSvmHandle; keys: Uint32Array }>;
  linearSvmTrain(svm: LinearSvmHandle, classes: NativeSvmClasses, control?: Int32Array): Promise<void>;
  linearSvmDispose(svm: LinearSvmHandle): void;

  /** For benchmarks: computes the product twice and resolves to the seconds of the second run, without preparation. */
  matmulSeconds(product: NativeMatmul, control?: Int32Array): Promise<number>;
  /**
   * For benchmarks and tests: qkv [tokens, 3 * heads * headDim], out [tokens, heads * headDim], lse [tokens, heads].
   */
  attentionForward(
    qkv: Float32Array,
    offsets: Int32Array,
    out: Float32Array,
    lse: Float32Array,
    tokens: number,
    heads: number,
    headDim: number,
    control?: Int32Array,
  ): Promise<void>;
  /**
   * For benchmarks and tests: x [rows, inWidth], weight [outWidth, inWidth], bias [outWidth], out [rows, outWidth];
   * rows a multiple of 32.
   */
  linearForward(
    x: Float32Array,
    weight: Float32Array,
    bias: Float32Array,
    out: Float32Array,
    rows: number,
    outWidth: number,
    inWidth: number,
  ): Promise<void>;
  /** Resolves to the loss. */
  infoNce(batch: NativeInfoNce, control?: Int32Array): Promise<number>;
  /**
   * For benchmarks: does the same and resolves to the seconds it took; on a GPU, without copies from and to the host.
   */
  infoNceSeconds(batch: NativeInfoNce, control?: Int32Array): Promise<number>;

  topkStorage(dim: number, queries: number): Storage;
  topkPrepare(
    base: Float32Array,
    baseRows: number,
    dim: number,
    metric: Metric,
    storage: Storage,
    control?: Int32Array,
  ): Promise<TopkHandle>;
  topkSearch(handle: TopkHandle, search: NativeTopkSearch, control?: Int32Array): Promise<void>;
  topkRelease(handle: TopkHandle): void;

  indexCreate(
    dim: number,
    metric: IndexMetric,
    factory: string,
    efConstruction: number,
    trainIterations: number,
    plain: boolean,
  ): Promise<OpenedIndex>;
  indexLoad(path: string, plain: boolean, map: boolean): Promise<OpenedIndex>;
  indexFromBytes(bytes: Uint8Array, plain: boolean): Promise<OpenedIndex>;
  indexTrain(index: IndexHandle, vectors: Float32Array, rows: number, control?: Int32Array): Promise<IndexInfo>;
  indexAdd(index: IndexHandle, vectors: Float32Array, rows: number, control?: Int32Array): Promise<IndexInfo>;
  indexRemove(index: IndexHandle, labels: Int32Array): Promise<IndexInfo & { removedNow: number }>;
  indexReserve(index: IndexHandle, rows: number): Promise<IndexInfo>;
  indexSearch(index: IndexHandle, search: NativeSearch, control?: Int32Array): Promise<void>;
  /** On the calling thread. Throws `ERR_BUSY` while a change of the index is queued or running. */
  indexSearchSync(index: IndexHandle, search: NativeSearch): void;
  indexRangeSearch(index: IndexHandle, search: NativeRangeSearch, control?: Int32Array): Promise<RangeSearchResult>;
  indexSelfRecall(index: IndexHandle, sample: number, control?: Int32Array): Promise<number>;
  indexSave(index: IndexHandle, path: string): Promise<void>;
  indexToBytes(index: IndexHandle): Promise<Uint8Array>;
  indexDispose(index: IndexHandle): Promise<void>;
}

/** Names of all exports. The compiler checks that the list matches {@link Addon}. */
export const ADDON_EXPORTS = Object.keys({
  testKernels: true,
  EncoderHandle: true,
  capabilities: true,
  names: true,
  configure: true,
  workCounters: true,
  trimMemory: true,
  l2Normalize: true,
  pool: true,
  matmul: true,
  createTokenizer: true,
  encodeTexts: true,
  disposeTokenizer: true,
  extractNgrams: true,
  ngramTableCreate: true,
  ngramTableEncode: true,
  ngramTableScore: true,
  ngramTableEncodeRows: true,
  ngramTableDispose: true,
  ngramCorpusCreate: true,
  ngramCorpusAdd: true,
  ngramCorpusDispose: true,
  ngramTrainerCreate: true,
  ngramTrainerSteps: true,
  ngramTrainerRead: true,
  ngramTrainerWrite: true,
  ngramTrainerDispose: true,
  linearSvmCreate: true,
  linearSvmTrain: true,
  linearSvmDispose: true,
  matmulSeconds: true,
  attentionForward: true,
  linearForward: true,
  infoNce: true,
  infoNceSeconds: true,
  topkStorage: true,
  topkPrepare: true,
  topkSearch: true,
  topkRelease: true,
  indexCreate: true,
  indexLoad: true,
  indexFromBytes: true,
  indexTrain: true,
  indexAdd: true,
  indexRemove: true,
  indexReserve: true,
  indexSearch: true,
  indexSearchSync: true,
  indexRangeSearch: true,
  indexSelfRecall: true,
  indexSave: true,
  indexToBytes: true,
  indexDispose: true,
} satisfies Record<keyof Addon, true>);
