/**
 * Every export of the native addon, with the signature that is repeated above its C++ entry point. A test compares
 * these names with the loaded ones. Internal: people use the typed wrappers beside this file.
 *
 * `control` is the block of `native/core/control.h`: [cancel, progress].
 */
export interface NativeCapabilities {
  /** `'cpu'`: this addon's. See `Capabilities` for the one in use. */
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
  /** Whether products of bf16 and int8 run on AMX units. */
  amx: boolean;
  /** Versions of the libraries that the addon was built with. */
  libraries: Record<string, string>;
}

/** Work done by the process since it loaded the addon; see native/core/work_counters.h. */
export interface WorkCounters {
  /** Scratch buffers that operations took, and their bytes. */
  allocations: number;
  allocatedBytes: number;
  /** Dense products, and their multiply-add operations. */
  products: number;
  multiplyAdds: number;
  /** Tiles of the loss and of exact top-k. */
  tiles: number;
}

/** A native tokenizer, opaque to TypeScript. */
export interface TokenizerHandle {
  readonly kind: unique symbol;
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
  /** Rows that were added, also those that were removed. */
  size: number;
  /** Rows that were removed. */
  removed: number;
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
  /** Candidates per result that are ranked again by exact distances; 0 where none are. */
  rerank: number;
  /** Vectors, codes and links stay in the file. */
  mapped: boolean;
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

/** A BERT or NomicBERT encoder; see native/encoder/config.h for the meaning of every number. */
export interface NativeEncoderConfig {
  layers: number;
  hidden: number;
  heads: number;
  /** Width of the MLP. */
  inner: number;
  vocabulary: number;
  /** Rows of the token type table, 0 for none. */
  types: number;
  /** Longest sequence in tokens. */
  maxPositions: number;
  /** Base of the rotary angles; 0 means learned positions. */
  ropeBase: number;
  /** SwiGLU instead of GELU. */
  gated: boolean;
  /** Whether the projections have biases. */
  biases: boolean;
  /** Of the layer norms. */
  epsilon: number;
  pooling: 'mean' | 'cls';
  normalize: boolean;
  /** This token's embedding receives no gradient. */
  paddingId: number;
}

/** A tensor of the encoder's flat parameter block, by the engine's own name. */
export interface NativeParameter {
  name: string;
  offset: number;
  rows: number;
  cols: number;
}

export type NativeBlock = 'parameters' | 'gradients' | 'firstMoments' | 'secondMoments';

export interface NativeEncoder {
  parameters(): NativeParameter[];
  write(kind: NativeBlock, offset: number, values: Float32Array): void;
  read(kind: NativeBlock, offset: number, out: Float32Array): void;
  encode(
    ids: Int32Array,
    offsets: Int32Array,
    embeddings: Float32Array,
    layers: number,
    hidden?: Float32Array,
    control?: Int32Array,
  ): Promise<void>;
  backward(
    ids: Int32Array,
    offsets: Int32Array,
    labels: Int32Array | undefined,
    mode: 0 | 1 | 2 | 3,
    logitScale: number,
    memoryBudget: number,
    firstTrainedLayer: number,
    lowerStates: Float32Array | undefined,
    control?: Int32Array,
  ): Promise<{ loss: number }>;
  step(
    ids: Int32Array,
    offsets: Int32Array,
    labels: Int32Array | undefined,
    mode: 0 | 1 | 2 | 3,
    logitScale: number,
    memoryBudget: number,
    firstTrainedLayer: number,
    lowerStates: Float32Array | undefined,
    control: Int32Array | undefined,
    step: number,
    learningRate: number,
    weightDecay: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    maxGradNorm: number,
  ): Promise<{ loss: number; gradNorm: number }>;
  dispose(): void;
}

/** Single kernels of the encoder, blocking, for tests only; shapes are those of the headers in native/ops. */
export interface TestKernels {
  attentionForward(
    offsets: Int32Array,
    heads: number,
    headDim: number,
    qkv: Float32Array,
    o: Float32Array,
    lse: Float32Array,
    o16: Uint16Array,
  ): void;
  attentionBackward(
    offsets: Int32Array,
    heads: number,
    headDim: number,
    qkv: Float32Array,
    o: Float32Array | Uint16Array,
    lse: Float32Array,
    dO: Float32Array,
    dqkv: Float32Array,
  ): void;
  layerNormForward(
    rows: number,
    cols: number,
    epsilon: number,
    x: Float32Array,
    residual: Float32Array,
    weight: Float32Array,
    bias: Float32Array,
    sum: Float32Array,
    mean: Float32Array,
    rstd: Float32Array,
    y: Float32Array,
    y16: Uint16Array,
  ): void;
  layerNormBackward(
    rows: number,
    cols: number,
    dy: Float32Array,
    sum: Float32Array,
    mean: Float32Array,
    rstd: Float32Array,
    weight: Float32Array,
    dsum: Float32Array,
    dsum16: Uint16Array,
    dweight: Float32Array,
    dbias: Float32Array,
  ): void;
  geluForward(x: Float32Array | Uint16Array, y: Float32Array, y16: Uint16Array): void;
  geluBackward(
    x: Float32Array | Uint16Array,
    dy: Float32Array | Uint16Array,
    dx: Float32Array | Uint16Array,
    y: Float32Array | Uint16Array,
  ): void;
  swigluForward(rows: number, cols: number, pair: Float32Array | Uint16Array, y: Float32Array, y16: Uint16Array): void;
  swigluBackward(
    rows: number,
    cols: number,
    pair: Float32Array | Uint16Array,
    dy: Float32Array | Uint16Array,
    dpair: Float32Array | Uint16Array,
    y: Float32Array | Uint16Array,
  ): void;
  l2NormalizeBackward(rows: number, cols: number, x: Float32Array, dy: Float32Array, dx: Float32Array): void;
  squaredNorm(x: Float32Array): number;
  adamw(
    grad: Float32Array,
    m: Float32Array,
    v: Float32Array,
    w: Float32Array,
    step: number,
    learningRate: number,
    weightDecay: number,
    scale: number,
  ): void;
}

export interface Addon {
  testKernels: TestKernels;
  EncoderHandle: new (config: NativeEncoderConfig, precision: 0 | 1 | 2) => NativeEncoder;

  capabilities(): NativeCapabilities;
  configure(threads: number, simd: string): void;
  workCounters(): WorkCounters;

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

  createTokenizer(
    tokens: Uint8Array,
    tokenOffsets: Int32Array,
    tokenIds: Int32Array,
    prefix: string,
    unknownId: number,
    maxWordChars: number,
    normalizerFlags: number,
    addedTokens: string[],
    addedIds: Int32Array,
    addedFlags: Int32Array,
    before: Int32Array,
    after: Int32Array,
  ): TokenizerHandle;
  encodeTexts(
    tokenizer: TokenizerHandle,
    texts: readonly string[],
    maxTokens: number,
    offsets: Int32Array,
    control?: Int32Array,
  ): Promise<Int32Array>;
  disposeTokenizer(tokenizer: TokenizerHandle): void;

  /** For benchmarks: writes the product twice and resolves to the seconds of the second, without any preparation. */
  matmulSeconds(...args: Parameters<Addon['matmul']>): Promise<number>;
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
  /** Resolves to the loss; `blockRows` 0 lets the engine choose. */
  infoNce(
    query: Float32Array,
    key: Float32Array,
    labels: Int32Array | undefined,
    dQuery: Float32Array,
    dKey: Float32Array,
    rows: number,
    dim: number,
    logitScale: number,
    mode: 0 | 1 | 2 | 3,
    precision: 0 | 1,
    blockRows: number,
    control?: Int32Array,
  ): Promise<number>;
  /** For benchmarks: the same, and resolves to the seconds it took; on a GPU without copies from and to the host. */
  infoNceSeconds(...args: Parameters<Addon['infoNce']>): Promise<number>;

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
  indexLoad(path: string, plain: boolean, map: boolean): Promise<OpenedIndex>;
  indexFromBytes(bytes: Uint8Array, plain: boolean): Promise<OpenedIndex>;
  indexTrain(index: IndexHandle, vectors: Float32Array, rows: number, control?: Int32Array): Promise<IndexInfo>;
  indexAdd(index: IndexHandle, vectors: Float32Array, rows: number, control?: Int32Array): Promise<IndexInfo>;
  indexRemove(index: IndexHandle, labels: Int32Array): Promise<IndexInfo & { removedNow: number }>;
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
    rerank: number,
    filter?: Uint8Array,
    control?: Int32Array,
  ): Promise<void>;
  indexRangeSearch(
    index: IndexHandle,
    queries: Float32Array,
    rows: number,
    radius: number,
    efSearch: number,
    nprobe: number,
    rerank: number,
    filter?: Uint8Array,
    control?: Int32Array,
  ): Promise<RangeSearchResult>;
  indexSave(index: IndexHandle, path: string): Promise<void>;
  indexToBytes(index: IndexHandle): Promise<Uint8Array>;
  indexDispose(index: IndexHandle): Promise<void>;
}

/** Names of all exports; the compiler keeps the list complete and free of strangers. */
export const ADDON_EXPORTS = Object.keys({
  testKernels: true,
  EncoderHandle: true,
  capabilities: true,
  configure: true,
  workCounters: true,
  l2Normalize: true,
  pool: true,
  matmul: true,
  createTokenizer: true,
  encodeTexts: true,
  disposeTokenizer: true,
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
  indexRangeSearch: true,
  indexSave: true,
  indexToBytes: true,
  indexDispose: true,
} satisfies Record<keyof Addon, true>);
