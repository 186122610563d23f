import { EngineError } from '../core/errors.js';
import type { Tokenizer } from '../text/tokenizers/tokenizer.js';
import type { Encoder } from './encoder.js';
import { type ModelFolder, requireGraph } from './folder/model-folder.js';
import type { TransformerPlan } from './plan-transformer.js';
import { BatchEncoder, type BatchRunner } from './runners/batch-encoder.js';
import type { SessionSettings } from './runners/child-protocol.js';
import { NativeRunner } from './runners/native-runner.js';
import { OnnxProcess } from './runners/onnx-process.js';

/**
 * Loads a transformer, either in the native addon or with ONNX Runtime in a child process. The child process ends with
 * `dispose()` or with this process, and does not keep this process running.
 *
 * @throws EngineError like `loadEncoder`
 */
export async function loadTransformer(plan: TransformerPlan): Promise<Encoder> {
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
    // Encode an empty text now, to find out before a long run whether tokenizer and model fit together.
    await encoder.encode(['']);
    return encoder;
  } catch (error) {
    if (tokenizer.status === 'fulfilled') await tokenizer.value.dispose();
    if (runner.status === 'fulfilled') await runner.value.stop();
    throw error;
  }
}

/** Returns the settings of the child process. @throws EngineError `ERR_DATA` if the folder has no graph */
export function sessionSettings(model: ModelFolder, threads: number): SessionSettings {
  const { pooling, normalize, dim } = model;
  return { modelFile: requireGraph(model), pooling, normalize, dim, threads };
}

function checkVocabulary(model: ModelFolder, tokenizer: Tokenizer): void {
  if (tokenizer.vocabSize <= model.vocabSize) return;
  throw new EngineError(
    'ERR_DATA',
    `${model.tokenizerFile} has ${tokenizer.vocabSize} tokens, but the model has only ${model.vocabSize}`,
  );
}

function valueOf<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'fulfilled') return result.value;
  throw result.reason;
}
