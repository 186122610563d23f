import type { CallOptions } from '../native/call.js';
import type { EncoderPrecision } from '../native/encoder-model.js';

export type { EncoderPrecision };

/** Where an encoder computes: in the addon from model.safetensors, or in ONNX Runtime from model.onnx. */
export type EncoderBackend = 'native' | 'onnx';

export interface EncodeResult {
  /** [rows, dim], row-major; row i belongs to text i. L2-normalised where the encoder's modules say so. */
  embeddings: Float32Array;
  rows: number;
  dim: number;
  /** Tokens that were encoded, special tokens included. */
  tokens: number;
}

/** Turns texts into vectors. Implementations never compute on the calling thread. */
export interface Encoder {
  /** Name of the folder or model it was loaded from. */
  readonly name: string;
  readonly dim: number;
  /** Longest sequence in tokens, special tokens included; longer texts are cut. */
  readonly maxTokens: number;
  readonly backend: EncoderBackend;
  readonly precision: EncoderPrecision;
  /** Hash over everything that decides the vectors: weights, tokenizer, pooling, precision, length limit. */
  readonly fingerprint: string;
  /**
   * Embeds texts; the order of the result is that of the texts, and each row is the same whatever else is in the call
   * (within rounding). `onProgress` receives the number of texts done.
   */
  encode(texts: readonly string[], options?: CallOptions): Promise<EncodeResult>;
  /** Frees the model; waits for calls in flight. Idempotent. */
  dispose(): Promise<void>;
}
