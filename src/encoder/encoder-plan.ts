import type { EncoderPrecision } from '../native/precisions.js';
import type { Encoder, EncoderBackend } from './encoder.js';

/** Options of `loadEncoder`. */
export interface LoadEncoderOptions {
  /**
   * Token limit of a text. Longer texts are cut. For a transformer, it includes special tokens, and is from 2 to the
   * number of positions of the model. @default the limit in the folder
   */
  maxTokens?: number | undefined;
  /**
   * Threads of ONNX Runtime. The native backend always uses `capabilities().threads`.
   *
   * @default `capabilities().threads`
   */
  threads?: number | undefined;
  /**
   * Transformers: size limit of a batch in tokens, rows x longest row.
   *
   * @default 1024 on the CPU, 65,536 with `UNIVAR_BACKEND=cuda`
   */
  batchTokens?: number | undefined;
  /**
   * `native`: the addon, for n-gram encoders, and for BERT and NomicBERT with model.safetensors. `onnx`: ONNX Runtime,
   * for any model.onnx.
   * `auto`: native if it supports the model, otherwise ONNX Runtime; `Encoder.backend` reports the choice.
   *
   * @default 'auto'
   */
  backend?: EncoderBackend | 'auto' | undefined;
  /**
   * Precision of matrix products. `onnx` and n-gram encoders support only f32.
   * @default that in config.json of a transformer (`{"univar": {"precision": "int8"}}`), otherwise 'f32'
   */
  precision?: EncoderPrecision | undefined;
}

/** An encoder folder that was checked but not loaded. */
export interface EncoderPlan {
  /** Base name of the folder. */
  name: string;
  dim: number;
  backend: EncoderBackend;
  precision: EncoderPrecision;
  maxTokens: number;
  /** Computes {@link Encoder.fingerprint}. Reads all weights. */
  fingerprint: () => Promise<string>;
  /** Loads the encoder. */
  load: () => Promise<Encoder>;
}
