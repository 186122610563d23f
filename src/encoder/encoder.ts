import type { EmbeddableText } from '../core/question-answer.js';
import type { CallOptions } from '../native/call.js';
import type { EncoderPrecision } from '../native/precisions.js';

export type { EncoderPrecision };

/** Where an encoder computes: in the addon from model.safetensors, or in ONNX Runtime from model.onnx. */
export type EncoderBackend = 'native' | 'onnx';

export interface EncodeResult {
  /** [rows, dim], row-major; row i belongs to text i. L2-normalised if the encoder's modules say so. */
  embeddings: Float32Array;
  rows: number;
  dim: number;
  /** Tokens that were encoded, special tokens included. */
  tokens: number;
  /** [rows]: the tokens of each text. */
  textTokens: Int32Array;
}

/** Turns texts into vectors. Implementations never compute on the calling thread. */
export interface Encoder extends AsyncDisposable {
  /** Name of the folder or model it was loaded from. */
  readonly name: string;
  readonly dim: number;
  /** Longest sequence in tokens, special tokens included; longer texts are cut, as {@link Encoder.encode} says. */
  readonly maxTokens: number;
  readonly backend: EncoderBackend;
  readonly precision: EncoderPrecision;
  /**
   * Hash over everything that decides the vectors: weights, tokenizer, pooling, precision, length limit, and how longer
   * texts are cut.
   */
  readonly fingerprint: string;
  /**
   * Seconds so far in which the model had nothing to compute: the difference of two readings is what it waited for
   * texts.
   */
  readonly idleSeconds: number;
  /**
   * Embeds texts; the order of the result is that of the texts, and each row is the same whatever else is in the call
   * (within rounding). `onProgress` receives the number of texts done.
   *
   * A question with its answer, for example a record, counts as the text `Q: <question> A: <answer>`. Where that is too
   * long, the question is cut before the answer loses more than a quarter of the room to it (see `encodeQa`); strings
   * lose their end.
   */
  encode(texts: readonly EmbeddableText[], options?: CallOptions): Promise<EncodeResult>;
  /** Frees the model; waits for calls in flight. Idempotent. */
  dispose(): Promise<void>;
}
