import { EngineError } from '../core/errors.js';
import { expectInteger, expectOneOf, expectOptions, expectPath } from '../core/validate.js';
import { capabilities } from '../native/capabilities.js';
import { type EncoderPrecision, PRECISIONS } from '../native/precisions.js';
import type { EncoderBackend } from './encoder.js';
import { fingerprint } from './folder/fingerprint.js';
import { type ModelFolder, readModelFolder, requireGraph } from './folder/model-folder.js';
import { type Network, nativeSupport } from './weights/network.js';

export interface LoadEncoderOptions {
  /**
   * Most tokens of a text, special tokens included, from 2 to what the model has positions for; longer texts are cut.
   * @default what the folder says (sentence_bert_config.json)
   */
  maxTokens?: number | undefined;
  /**
   * Threads of ONNX Runtime; those of the native backend are `capabilities().threads`. @default
   * `capabilities().threads`
   */
  threads?: number | undefined;
  /** Largest rows x longest row of a batch, in tokens. @default 1024 on the CPU, 65,536 with `UNIVAR_BACKEND=cuda` */
  batchTokens?: number | undefined;
  /**
   * `native`: the addon, for BERT and NomicBERT with model.safetensors. `onnx`: ONNX Runtime, for any model.onnx.
   * `auto`: native if it can, otherwise ONNX Runtime; `Encoder.backend` says which. @default 'auto'
   */
  backend?: EncoderBackend | 'auto' | undefined;
  /** Of matrix products; `onnx` has only f32. @default 'f32' */
  precision?: EncoderPrecision | undefined;
}

/** Everything that is decided before a model is loaded. */
export interface EncoderPlan {
  model: ModelFolder;
  backend: EncoderBackend;
  precision: EncoderPrecision;
  maxTokens: number;
  batchTokens: number;
  threads: number;
  /** Reads all weights, to hash them. */
  fingerprint: () => Promise<string>;
}

/**
 * Small batches keep the activations of a layer in the CPU's cache: on 2 cores of an EPYC (Zen 4), MiniLM in float32
 * does 6,670 tokens/s in batches of 4 x 256, 5,800 in 16 x 256 and 5,540 in 32 x 256; for 64 tokens a text, 8,410 in 16
 * x 64 and 7,260 in 64 x 64. Smaller still gains nothing certain.
 */
const DEFAULT_BATCH_TOKENS = 1024;
/** A device is busy only with many rows at a time. */
const DEVICE_BATCH_TOKENS = 65_536;
const MAX_BATCH_TOKENS = 2 ** 22;
const MAX_THREADS = 1024;

/**
 * Checks a folder and the options, and chooses the backend.
 *
 * @throws EngineError as `loadEncoder`
 */
export async function planEncoder(folder: string, options: LoadEncoderOptions = {}): Promise<EncoderPlan> {
  expectPath(folder, 'folder');
  expectOptions(options, 'options', ['maxTokens', 'threads', 'batchTokens', 'backend', 'precision']);
  const wish = expectOneOf(options.backend ?? 'auto', 'backend', ['auto', 'native', 'onnx']);
  const precision = expectOneOf(options.precision ?? 'f32', 'precision', PRECISIONS);
  const threads = expectInteger(options.threads ?? capabilities().threads, 'threads', 1, MAX_THREADS);
  const defaultTokens = capabilities().backend === 'cuda' ? DEVICE_BATCH_TOKENS : DEFAULT_BATCH_TOKENS;
  const batchTokens = expectInteger(options.batchTokens ?? defaultTokens, 'batchTokens', 1, MAX_BATCH_TOKENS);
  const model = await readModelFolder(folder);
  const native =
    model.safetensorsFile === undefined
      ? { unsupported: `${model.moduleFolder} lacks model.safetensors` }
      : await nativeSupport(model.moduleFolder, model, model.architecture);
  const spec = 'unsupported' in native ? undefined : native.spec;
  const backend = chooseBackend(model, native, wish, precision);
  if (backend === 'native' && threads !== capabilities().threads) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected ${capabilities().threads}, the threads of the engine (set by UNIVAR_THREADS), for "threads" with the native backend, got ${threads}`,
    );
  }
  const longest = Math.min(model.positions, backend === 'native' ? spec!.maxPositions : Number.MAX_SAFE_INTEGER);
  const maxTokens = expectInteger(options.maxTokens ?? Math.min(model.maxTokens, longest), 'maxTokens', 2, longest);
  const settings = {
    maxTokens,
    precision,
    spec: backend === 'native' || sharesWeights(model) ? spec : undefined,
  };
  return {
    model,
    backend,
    precision,
    maxTokens,
    batchTokens,
    threads,
    fingerprint: () => fingerprint(model, settings),
  };
}

function chooseBackend(
  model: ModelFolder,
  native: Network | { unsupported: string },
  wish: EncoderBackend | 'auto',
  precision: EncoderPrecision,
): EncoderBackend {
  const reason = 'unsupported' in native ? native.unsupported : undefined;
  const needsNative = wish === 'native' || precision !== 'f32' || model.modelFile === undefined;
  if (wish === 'onnx') {
    requireGraph(model);
    if (precision !== 'f32')
      throw new EngineError('ERR_ARG_RANGE', `Expected f32 for "precision" with the backend onnx, got ${precision}`);
    return 'onnx';
  }
  if (reason === undefined) return 'native';
  if (!needsNative) return 'onnx';
  throw new EngineError('ERR_DATA', `The native backend cannot take this encoder: ${reason}`);
}

/** A graph that keeps its weights in the checkpoint is the same network: its vectors are the same within rounding. */
function sharesWeights({ weightFiles, safetensorsFile }: ModelFolder): boolean {
  return weightFiles.length === 1 && weightFiles[0] === safetensorsFile;
}
