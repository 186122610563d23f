/** Argument objects of the n-gram functions of the addon (addon-types.ts). */
import type { InfoNceMode } from './infonce-modes.js';
import type { NgramSettings } from './ngram-settings.js';

/** Arrays of a table of embeddings. They stay in use, unchanged and not copied, until the table is disposed. */
export interface NgramTableData {
  /** Width of a row, at least 1. */
  dim: number;
  /** [rows, dim], row-major: float32, the bits of float16, or int8. */
  rows: Float32Array | Uint16Array | Int8Array;
  /** [rows], the factors of int8 rows; not used with other types. */
  scales?: Float32Array | undefined;
  /** [rows], the feature id of every row, ascending and distinct. Without them, the table encodes only given rows. */
  keys?: Uint32Array | undefined;
}

export interface NativeNgramEncode extends NgramSettings {
  /** [texts, dim], receives the vectors. */
  out: Float32Array;
  /** [texts], receives the numbers of tokens or characters that were read. */
  tokens: Int32Array;
}

export interface NativeNgramScore {
  groups: readonly NgramSettings[];
  /** [texts, dim], receives the scores. */
  out: Float32Array;
  /** [texts], receives the shares of known n-grams. */
  known: Float32Array;
}

export interface LinearSvmSettings {
  /** A feature gets a row if it occurs in at least this many texts of the corpus. */
  minTexts: number;
  /** Largest number of rows. If more features qualify, those in most texts win, then those with the smallest ids. */
  maxRows: number;
  /** Weight of the loss, beside half the square of the weights. */
  c: number;
  /** Training of a class stops once its projected gradients differ by less than this, or after `maxPasses`. */
  tolerance: number;
  maxPasses: number;
  /** Decides the order of the texts. */
  seed: number;
}

export interface NativeSvmClasses {
  /** [texts], the class of every text. */
  labels: Int32Array;
  /** [rows, classes], receives the weights. */
  weights: Float32Array;
  /** [classes]. */
  biases: Float32Array;
  /** [classes], receives the passes over the texts. */
  passes: Int32Array;
}

/** Sets of rows, packed: set i has the entries offsets[i] to offsets[i + 1] - 1 of `ids`. */
export interface NativeRowBags {
  ids: Int32Array;
  offsets: Int32Array;
  normalize: boolean;
  /** [sets, dim], receives the vectors. */
  out: Float32Array;
}

export interface NgramTrainerSettings {
  /** A feature gets a row if it occurs in at least this many texts of the corpus. */
  minTexts: number;
  /** Largest number of rows. If more features qualify, those in most texts win, then those with the smallest ids. */
  maxRows: number;
  dim: number;
  /** Seed of the first values of the rows. */
  seed: number;
}

/** Training steps of the same number of pairs. The entries of step i start at i * pairs. */
export interface NgramSteps {
  /** [steps * pairs], text numbers of the corpus. */
  queries: Int32Array;
  /** [steps * pairs], text numbers; entry i is the positive of query i. */
  keys: Int32Array;
  /** [steps * pairs], any values. Required by the modes that use labels. */
  labels?: Int32Array | undefined;
  /** Pairs per step, at least 1. */
  pairs: number;
  /** [steps]. */
  learningRates: Float64Array;
  /** 1 / temperature. */
  logitScale: number;
  mode: InfoNceMode;
}

export interface NativeNgramSteps extends NgramSteps {
  /** [steps], receives the losses. */
  losses: Float64Array;
}

/** What a trainer learns. Training goes on from a saved state to the same bytes. */
export interface NgramTrainerState {
  /** [rows], the feature id of every row, ascending. */
  keys: Uint32Array;
  /** [rows, dim]. */
  rows: Float32Array;
  /** [rows], second moments of Adagrad. */
  moments: Float32Array;
}
