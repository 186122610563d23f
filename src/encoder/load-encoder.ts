import { EngineError } from '../core/errors.js';
import type { Tokenizer } from '../text/tokenizers/tokenizer.js';
import type { Encoder } from './encoder.js';
import { type ModelFolder, requireGraph } from './folder/model-folder.js';
import { type LoadEncoderOptions, planEncoder } from './plan-encoder.js';
import { BatchEncoder, type BatchRunner } from './runners/batch-encoder.js';
import type { SessionSettings } from './runners/child-protocol.js';
import { NativeRunner } from './runners/native-runner.js';
import { OnnxProcess } from './runners/onnx-process.js';

/**
 * Loads a sentence encoder: a folder of the Hugging Face layout with config.json, tokenizer.json, modules.json, a
 * pooling by mean or cls, and model.safetensors (BERT, NomicBERT) or model.onnx or onnx/model.onnx. It computes on the
 * CPU off the calling thread: in the addon, or by ONNX Runtime in a process of its own, which ends with `dispose()` or
 * with this process and does not keep it from ending.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`; `ERR_DATA` naming what the folder lacks, what is damaged or not
 *   supported; `ERR_NATIVE_LOAD`, also if ONNX Runtime is needed and not installed; `ERR_OUT_OF_MEMORY`
 */
export async function loadEncoder(folder: string, options: LoadEncoderOptions = {}): Promise<Encoder> {
  const plan = await planEncoder(folder, options);
  const { model, backend, precision, maxTokens, batchTokens, threads } = plan;
  const start = (): Promise<BatchRunner> =>
    backend === 'native' ? NativeRunner.start(model, precision) : OnnxProcess.start(sessionSettings(model, threads));
  const [tokenizer, runner, hash] = await Promise.allSettled([
    model.architecture.folder.loadTokenizer(model.tokenizerFile),
    start(),
    plan.fingerprint(),
  ]);
  try {
    checkVocabulary(model, valueOf(tokenizer));
    const parts = {
      model,
      backend,
      precision,
      start,
      maxTokens,
      batchTokens,
      tokenizer: valueOf(tokenizer),
      fingerprint: valueOf(hash),
    };
    const encoder = new BatchEncoder(parts, valueOf(runner));
    // The empty text shows now, and not in the middle of a corpus, whether tokenizer and model fit.
    await encoder.encode(['']);
    return encoder;
  } catch (error) {
    if (tokenizer.status === 'fulfilled') await tokenizer.value.dispose();
    if (runner.status === 'fulfilled') await runner.value.stop();
    throw error;
  }
}

/** Settings of the child process. @throws EngineError `ERR_DATA` for a folder without graph */
export function sessionSettings(model: ModelFolder, threads: number): SessionSettings {
  const { pooling, normalize, dim } = model;
  return { modelFile: requireGraph(model), pooling, normalize, dim, threads };
}

function checkVocabulary(model: ModelFolder, tokenizer: Tokenizer): void {
  if (tokenizer.vocabSize <= model.vocabSize) return;
  throw new EngineError(
    'ERR_DATA',
    `${model.tokenizerFile} has ${tokenizer.vocabSize} tokens, the model only ${model.vocabSize}`,
  );
}

function valueOf<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'fulfilled') return result.value;
  throw result.reason;
}
