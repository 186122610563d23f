import type { Encoder } from './encoder.js';
import type { LoadEncoderOptions } from './encoder-plan.js';
import { planEncoder } from './plan-encoder.js';

/**
 * Loads a sentence encoder from a folder. It computes off the calling thread: in the native addon, or with ONNX Runtime
 * in a child process. The folder holds one of:
 *
 * - an n-gram encoder, as written by `fitEncoder` and `univar fit`: config.json and model.safetensors;
 * - static embeddings of model2vec or sentence-transformers: tokenizer.json and model.safetensors;
 * - a transformer in the Hugging Face layout: config.json, tokenizer.json, modules.json, mean or cls pooling, and
 *   model.safetensors (BERT, NomicBERT), model.onnx or onnx/model.onnx.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`; `ERR_DATA` naming files that are missing, damaged or not
 *   supported; `ERR_NATIVE_LOAD`, also if ONNX Runtime is needed but not installed; `ERR_OUT_OF_MEMORY`
 */
export async function loadEncoder(folder: string, options: LoadEncoderOptions = {}): Promise<Encoder> {
  return (await planEncoder(folder, options)).load();
}
