/** A descriptor holds all that is known about one architecture; index.ts lists them. */
import type { Json } from '../../core/json-file.js';
import type { EncoderSpec } from '../../native/encoder-types.js';
import type { Tokenizer } from '../../text/tokenizers/tokenizer.js';
import type { OnnxGraph, OnnxTensor } from '../formats/onnx-writer.js';
import type { ConfigReader } from './config-reader.js';

export interface Architecture {
  /** As messages name it. */
  readonly name: string;
  readonly folder: FolderLayout;
  /** Whether a config.json of a folder with that layout is one of this architecture. */
  accepts(config: Json): boolean;
  /** @throws EngineError `ERR_DATA` naming the key and the value that is missing or damaged */
  readSizes(files: ModelFiles): ModelSizes | Promise<ModelSizes>;
  /** How the native backend computes it; undefined if only ONNX Runtime does. */
  readonly native?: NativeArchitecture;
}

export interface FolderLayout {
  /** Kinds of the modules in modules.json, in order; Normalize may follow them. */
  modules: readonly [string, ...string[]];
  /** Files, besides the weights, that the folder of the first module must hold. */
  files: readonly string[];
  /** The one of these files that decides the ids of a text; fingerprints cover it. */
  tokenizerFile: string;
  /** @param path of that file, or of the folder that it lies in. @throws EngineError as `loadTokenizer` */
  loadTokenizer(path: string): Promise<Tokenizer>;
}

/** The files that an architecture is read from: those of the first module. */
export interface ModelFiles {
  /** config.json; empty if the folder has none. */
  config: ConfigReader;
  /** Shapes of the tensors in model.safetensors, by name. @throws EngineError `ERR_DATA` if it is missing or damaged */
  readShapes(): Promise<ReadonlyMap<string, readonly number[]>>;
}

/** Sizes that every backend needs. */
export interface ModelSizes {
  /** Width of a vector; the pooling module may say it instead. */
  dim: number | undefined;
  /** Rows of the table of token embeddings. */
  vocabSize: number;
  /** Longest sequence that the model has positions for, special tokens included; Infinity if it has no such limit. */
  positions: number;
}

/** The part of a specification that the modules after the network decide. */
export type PoolingChoice = Pick<EncoderSpec, 'pooling' | 'normalize'>;

/** The part of a specification that the architecture decides. */
export type NetworkSpec = Omit<EncoderSpec, keyof PoolingChoice>;

export interface NativeArchitecture {
  /** @throws EngineError `ERR_DATA` naming the key and the value that is missing or not supported */
  readSpec(files: ModelFiles): NetworkSpec | Promise<NetworkSpec>;
  /** Names that its checkpoints have given to the tensors; of two that fit, the first counts. */
  readonly layouts: readonly CheckpointLayout[];
  /** Prefixes that wrappers put before every name; of two that fit, the first counts. */
  readonly prefixes: readonly string[];
  /** Tensors that its checkpoints may hold and the encoder does not need, without prefix. */
  readonly ignored: RegExp;
  /** Those of them that other libraries look for, so that a saved encoder keeps them. */
  readonly kept: RegExp;
}

/** One way to name the tensors of an architecture. */
export interface CheckpointLayout {
  /** A tensor, without prefix, that no other layout has. */
  readonly mark: string;
  /** Every tensor that the native encoder needs. */
  sources(spec: EncoderSpec): ParameterSource[];
  /**
   * The network in ONNX, up to the hidden states of all tokens.
   *
   * @param weights tensors of this layout, without prefix
   * @returns a graph from input_ids, attention_mask and, if the model has them, token_type_ids (int64 [batch, sequence])
   *   to last_hidden_state (float32 [batch, sequence, hidden])
   */
  graph(spec: EncoderSpec, weights: ReadonlyMap<string, OnnxTensor>): OnnxGraph;
}

/** One tensor of a checkpoint and the place of its first row in a parameter of the native encoder. */
export interface ParameterSource {
  /** Name in the checkpoint, without prefix. */
  file: string;
  /** Name in the native encoder (native/encoder/parameters.cc). */
  parameter: string;
  /** First row of the parameter; a vector counts its entries as rows. */
  row: number;
  /** Rows of the checkpoint's tensor. */
  rows: number;
}
