/** Descriptors of architectures. Each contains everything known about one architecture; index.ts lists them. */
import type { Json } from '../../core/json-file.js';
import type { EncoderSpec } from '../../native/encoder-types.js';
import type { Tokenizer } from '../../text/tokenizers/tokenizer.js';
import type { OnnxGraph, OnnxTensor } from '../formats/onnx-writer.js';
import type { ConfigReader } from './config-reader.js';

export interface Architecture {
  /** Name in messages. */
  readonly name: string;
  readonly folder: FolderLayout;
  /** Checks whether the config.json of a folder with this layout describes this architecture. */
  accepts(config: Json): boolean;
  /** @throws EngineError `ERR_DATA` naming the key and the missing or damaged value */
  readSizes(files: ModelFiles): ModelSizes | Promise<ModelSizes>;
  /** Descriptor for the native backend; undefined if only ONNX Runtime supports the architecture. */
  readonly native?: NativeArchitecture;
}

export interface FolderLayout {
  /** Kinds of the modules in modules.json, in order. Normalize can follow them. */
  modules: readonly [string, ...string[]];
  /** Required files, other than the weights, in the folder of the first module. */
  files: readonly string[];
  /** The file that determines the token ids of a text. Fingerprints include it. */
  tokenizerFile: string;
  /** @param path path of that file or of its folder. @throws EngineError like `loadTokenizer` */
  loadTokenizer(path: string): Promise<Tokenizer>;
}

/** The files of the first module, which describe an architecture. */
export interface ModelFiles {
  /** config.json; empty if the folder has none. */
  config: ConfigReader;
  /**
   * Reads the shapes of the tensors in model.safetensors. @throws EngineError `ERR_DATA` if it is missing or damaged
   */
  readShapes(): Promise<ReadonlyMap<string, readonly number[]>>;
}

/** Sizes that every backend needs. */
export interface ModelSizes {
  /** Width of a vector. The pooling module can also specify it. */
  dim: number | undefined;
  /** Rows of the token embedding table. */
  vocabSize: number;
  /** Longest sequence that the model supports, including special tokens; Infinity if it has no limit. */
  positions: number;
}

/** The part of a specification that is determined by the modules after the network. */
export type PoolingChoice = Pick<EncoderSpec, 'pooling' | 'normalize'>;

/** The part of a specification that is determined by the architecture. */
export type NetworkSpec = Omit<EncoderSpec, keyof PoolingChoice>;

export interface NativeArchitecture {
  /** @throws EngineError `ERR_DATA` naming the key and the missing or unsupported value */
  readSpec(files: ModelFiles): NetworkSpec | Promise<NetworkSpec>;
  /** Naming schemes of its checkpoints. The first match is used. */
  readonly layouts: readonly CheckpointLayout[];
  /** Prefixes that wrappers put before every name. The first match is used. */
  readonly prefixes: readonly string[];
  /** Tensors that its checkpoints can contain but the encoder does not need, without prefix. */
  readonly ignored: RegExp;
  /** Those ignored tensors that other libraries expect, so that a saved encoder keeps them. */
  readonly kept: RegExp;
}

/** A naming scheme for the tensors of an architecture. */
export interface CheckpointLayout {
  /** A tensor, without prefix, that no other layout has. */
  readonly mark: string;
  /** Lists the tensors that the native encoder needs. */
  sources(spec: EncoderSpec): ParameterSource[];
  /**
   * Builds the network in ONNX, up to the hidden states of all tokens.
   *
   * @param weights tensors of this layout, without prefix
   * @returns a graph from input_ids, attention_mask and, if the model has them, token_type_ids (int64 [batch,
   *   sequence]) to last_hidden_state (float32 [batch, sequence, hidden])
   */
  graph(spec: EncoderSpec, weights: ReadonlyMap<string, OnnxTensor>): OnnxGraph;
}

/** One tensor of a checkpoint and the position of its first row in a parameter of the native encoder. */
export interface ParameterSource {
  /** Name in the checkpoint, without prefix. */
  file: string;
  /** Name in the native encoder (native/encoder/parameters.cc). */
  parameter: string;
  /** First row within the parameter. The entries of a vector count as rows. */
  row: number;
  /** Rows of the tensor in the checkpoint. */
  rows: number;
}
