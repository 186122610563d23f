import { capabilities } from '../native/capabilities.js';
import { expectInteger, expectOptions, expectString } from '../native/validate.js';
import { loadTokenizer } from '../tokenizer/load-tokenizer.js';
import type { SessionSettings } from './child-protocol.js';
import type { Encoder } from './encoder.js';
import { fingerprint } from './fingerprint.js';
import { readModelFolder } from './model-folder.js';
import { OnnxEncoder } from './onnx-encoder.js';
import { OnnxProcess } from './onnx-process.js';

export interface LoadEncoderOptions {
  /**
   * Most tokens of a text, special tokens included, from 2 to what the model has positions for; longer texts are cut.
   * @default what the folder says (sentence_bert_config.json)
   */
  maxTokens?: number | undefined;
  /** Threads that compute. @default `capabilities().threads` */
  threads?: number | undefined;
  /** Largest rows x longest row of a batch, in tokens. @default 1024 */
  batchTokens?: number | undefined;
}

/**
 * Small batches keep the activations of a layer in the CPU's cache: on 2 cores of an EPYC (Zen 4), MiniLM in float32 does
 * 6,670 tokens/s in batches of 4 x 256, 5,800 in 16 x 256 and 5,540 in 32 x 256; for 64 tokens a text, 8,410 in 16 x 64 and
 * 7,260 in 64 x 64. Smaller still gains nothing certain.
 */
const DEFAULT_BATCH_TOKENS = 1024;
const MAX_BATCH_TOKENS = 2 ** 22;
const MAX_THREADS = 1024;

/**
 * Loads a sentence encoder: a folder of the Hugging Face layout with model.onnx or onnx/model.onnx, config.json,
 * tokenizer.json, modules.json and a pooling by mean or cls. It computes on the CPU in float32, by ONNX Runtime in a
 * process of its own, which ends with `dispose()` or with this process and does not keep it from ending.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`; `ERR_DATA` naming what the folder lacks, what is damaged or not
 * supported; `ERR_DEVICE_UNAVAILABLE` if ONNX Runtime is not installed; `ERR_NATIVE_LOAD`
 */
export async function loadEncoder(folder: string, options: LoadEncoderOptions = {}): Promise<Encoder> {
  expectString(folder, 'folder');
  expectOptions(options, 'options', ['maxTokens', 'threads', 'batchTokens']);
  const threads = expectInteger(options.threads ?? capabilities().threads, 'threads', 1, MAX_THREADS);
  const batchTokens = expectInteger(options.batchTokens ?? DEFAULT_BATCH_TOKENS, 'batchTokens', 1, MAX_BATCH_TOKENS);
  const model = await readModelFolder(folder);
  const longest = Math.min(model.positions, Number.MAX_SAFE_INTEGER);
  const maxTokens = expectInteger(options.maxTokens ?? model.maxTokens, 'maxTokens', 2, longest);
  const session: SessionSettings = { modelFile: model.modelFile, pooling: model.pooling, normalize: model.normalize, dim: model.dim, threads };

  const start = (): Promise<OnnxProcess> => OnnxProcess.start(session);
  const [tokenizer, runner, hash] = await Promise.allSettled([
    loadTokenizer(model.tokenizerFile),
    start(),
    fingerprint(model, maxTokens),
  ]);
  try {
    const parts = { model, start, maxTokens, batchTokens, tokenizer: valueOf(tokenizer), fingerprint: valueOf(hash) };
    const encoder = new OnnxEncoder(parts, valueOf(runner));
    // The empty text shows now, and not in the middle of a corpus, whether tokenizer and graph fit.
    await encoder.encode(['']);
    return encoder;
  } catch (error) {
    if (tokenizer.status === 'fulfilled') await tokenizer.value.dispose();
    if (runner.status === 'fulfilled') await runner.value.stop();
    throw error;
  }
}

function valueOf<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'fulfilled') return result.value;
  throw result.reason;
}
