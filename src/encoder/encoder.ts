import type { EmbeddableText } from '../core/question-answer.js';
import type { CallOptions } from '../native/call.js';
import type { EncoderPrecision } from '../native/precisions.js';

export type { EncoderPrecision };

/** Backend of an encoder: the native addon (model.safetensors) or ONNX Runtime (model.onnx). */
export type EncoderBackend = 'native' | 'onnx';

/** Vectors of texts. */
export interface EncodeResult {
  /** [rows, dim], row-major; row i belongs to text i. L2-normalised if the encoder has a Normalize module. */
  embeddings: Float32Array;
  rows: number;
  dim: number;
  /** Number of encoded tokens, including special tokens. */
  tokens: number;
  /** `[rows]`: number of tokens of each text. */
  textTokens: Int32Array;
}

/** Turns texts into vectors. Implementations never compute on the calling thread. */
export interface Encoder extends AsyncDisposable {
  /** Name of the folder or model from which it was loaded. */
  readonly name: string;
  readonly dim: number;
  /** Token limit of a text, including special tokens. {@link Encoder.encode} describes how longer texts are cut. */
  readonly maxTokens: number;
  readonly backend: EncoderBackend;
  readonly precision: EncoderPrecision;
  /**
   * Hash of everything that affects the vectors: weights, tokenizer, pooling, precision, token limit, and the method of
   * cutting longer texts.
   */
  readonly fingerprint: string;
  /**
   * Total seconds in which the model had nothing to compute. The difference of two readings is the time that it waited
   * for texts.
   */
  readonly idleSeconds: number;
  /**
   * Embeds texts and returns the embeddings in the same order. Except for rounding, each row is independent of the
   * other texts in the call. `onProgress` receives the number of texts done.
   *
   * A question with its answer, such as a record, is embedded as the text `Q: <question> A: <answer>`. If that is too
   * long, the question is cut so that it takes no more than a quarter of the tokens from the answer (see `encodeQa`).
   * Strings lose their end.
   */
  encode(texts: readonly EmbeddableText[], options?: CallOptions): Promise<EncodeResult>;
  /** Frees the model once the calls in flight have finished. Idempotent. */
  dispose(): Promise<void>;
}
