import { EngineError } from '../core/errors.js';
import { expectInteger, expectOneOf } from '../core/validate.js';
import { capabilities } from '../native/capabilities.js';
import { type EncoderPrecision, PRECISIONS } from '../native/precisions.js';
import type { EncoderBackend } from './encoder.js';
import type { LoadEncoderOptions } from './encoder-plan.js';
import { fingerprint } from './folder/fingerprint.js';
import { type ModelFolder, readModelFolder, requireGraph } from './folder/model-folder.js';
import { type Network, nativeSupport } from './weights/network.js';

/** Decisions that are made before a transformer is loaded. */
export interface TransformerPlan {
  model: ModelFolder;
  backend: EncoderBackend;
  precision: EncoderPrecision;
  maxTokens: number;
  batchTokens: number;
  threads: number;
  /** Computes the fingerprint. Reads all weights. */
  fingerprint: () => Promise<string>;
}

/**
 * Small batches keep the activations of a layer in the CPU cache. On 2 cores of an EPYC (Zen 4), MiniLM in float32
 * encodes 6,670 tokens/s in batches of 4 x 256, 5,800 in 16 x 256 and 5,540 in 32 x 256. For texts of 64 tokens, it
 * encodes 8,410 tokens/s in 16 x 64 and 7,260 in 64 x 64. Even smaller batches bring no reliable gain.
 */
const DEFAULT_BATCH_TOKENS = 1024;
/** A GPU needs many rows at a time to be fully used. */
const DEVICE_BATCH_TOKENS = 65_536;
const MAX_BATCH_TOKENS = 2 ** 22;
const MAX_THREADS = 1024;

/**
 * Checks a folder with a transformer and the options, and chooses the backend.
 *
 * @param options with known names
 * @throws EngineError like `loadEncoder`
 */
export async function planTransformer(folder: string, options: LoadEncoderOptions): Promise<TransformerPlan> {
  const wish = expectOneOf(options.backend ?? 'auto', 'backend', ['auto', 'native', 'onnx']);
  if (options.precision !== undefined) expectOneOf(options.precision, 'precision', PRECISIONS);
  const threads = expectInteger(options.threads ?? capabilities().threads, 'threads', 1, MAX_THREADS);
  const defaultTokens = capabilities().backend === 'cuda' ? DEVICE_BATCH_TOKENS : DEFAULT_BATCH_TOKENS;
  const batchTokens = expectInteger(options.batchTokens ?? defaultTokens, 'batchTokens', 1, MAX_BATCH_TOKENS);
  const model = await readModelFolder(folder);
  const native =
    model.safetensorsFile === undefined
      ? { unsupported: `${model.moduleFolder} has no model.safetensors` }
      : await nativeSupport(model.moduleFolder, model, model.architecture);
  const spec = 'unsupported' in native ? undefined : native.spec;
  // ONNX Runtime computes in float32.
  const preferred = spec !== undefined && wish !== 'onnx' ? model.precision : undefined;
  const precision = options.precision ?? preferred ?? 'f32';
  const backend = chooseBackend(model, native, wish, precision);
  if (backend === 'native' && threads !== capabilities().threads) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected ${capabilities().threads}, the threads of the engine (set by UNIVAR_THREADS), for "threads" ` +
        `with the native backend, got ${threads}`,
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
      throw new EngineError('ERR_ARG_RANGE', `Expected f32 for "precision" with the onnx backend, got ${precision}`);
    return 'onnx';
  }
  if (reason === undefined) return 'native';
  if (!needsNative) return 'onnx';
  throw new EngineError('ERR_DATA', `The native backend does not support this encoder: ${reason}`);
}

/**
 * Checks whether the graph takes its weights from the checkpoint: its vectors are then the same, except for rounding.
 */
function sharesWeights({ weightFiles, safetensorsFile }: ModelFolder): boolean {
  return weightFiles.length === 1 && weightFiles[0] === safetensorsFile;
}
