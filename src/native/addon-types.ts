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
  /** For benchmarks: writes the product twice and resolves to the seconds of the second, without any preparation. */
  matmulSeconds(...args: Parameters<Addon['matmul']>): Promise<number>;
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
}

/** Names of all exports; the compiler keeps the list complete and free of strangers. */
export const ADDON_EXPORTS = Object.keys({
  capabilities: true,
  configure: true,
  l2Normalize: true,
  pool: true,
  matmul: true,
  matmulSeconds: true,
  infoNce: true,
} satisfies Record<keyof Addon, true>);
