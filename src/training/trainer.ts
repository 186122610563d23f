import { EngineError } from '../core/errors.js';
import {
  expectInRange,
  expectInteger,
  expectObject,
  expectOneOf,
  expectOptions,
  expectPath,
} from '../core/validate.js';
import type { TrainingAnswers } from '../encoder/folder/training-answers.js';
import type { SafetensorsFile } from '../encoder/formats/safetensors.js';
import type { TensorToWrite } from '../encoder/formats/safetensors-writer.js';
import { type Checkpoint, copyTensor, loadCheckpoint, readSource, shapeOf } from '../encoder/weights/checkpoint.js';
import { checkNames } from '../encoder/weights/network.js';
import { saveCheckpoint } from '../encoder/weights/save-checkpoint.js';
import type { CallOptions } from '../native/call.js';
import type { EncodeOptions, LossSettings } from '../native/encoder-model.js';
import { INFONCE_MODES, type InfoNceMode } from '../native/infonce-modes.js';
import type { PackedTokens } from '../native/packed-tokens.js';
import { POOLING_MODES, type Pooling } from '../native/pooling.js';
import { TRAINING_PRECISIONS, type TrainingPrecision } from '../native/precisions.js';
import { type Decay, learningRateAt } from './schedule.js';

/** Options of `createTrainer`. */
export interface TrainerOptions {
  /** Folder of a BERT or NomicBERT encoder in the Hugging Face layout, with model.safetensors. */
  encoder: string;
  /** 1 / temperature. @default 50 */
  logitScale?: number;
  /** Mode of the loss: see `infoNce`. @default 'masked' */
  mode?: InfoNceMode;
  /** Peak learning rate. @default 1e-5 */
  learningRate?: number;
  /** Decoupled weight decay of tensors with two dimensions. @default 0.01 */
  weightDecay?: number;
  /** Maximum global norm of the gradients, which are scaled down to it; 0 disables clipping. @default 1 */
  maxGradNorm?: number;
  /** Steps of linear warm-up. @default 0 */
  warmupSteps?: number;
  /** Decay of the learning rate after the warm-up. @default 'constant' */
  decay?: Decay;
  /** Total number of steps; required by the decays `linear` and `cosine`. */
  totalSteps?: number;
  /** Precision of products; weights, sums and gradients are f32. @default 'f32' */
  precision?: TrainingPrecision;
  /** Pooling of token vectors. @default 'mean' */
  pooling?: Pooling;
  /** Layers below this one are frozen, and if it is above 0, the embeddings as well. @default 0 */
  firstTrainedLayer?: number;
  /** Bytes for activations that are kept for the backward pass. The others are recomputed. @default 1 GiB */
  memoryBudget?: number;
  /** Seed. A trainer itself does not use random numbers. @default 0 */
  seed?: number;
}

/** Views of one training step. */
export interface TrainingBatch {
  /** First views, packed as returned by the tokenizer. */
  query: PackedTokens;
  /** Second views; text i belongs to query text i. */
  key: PackedTokens;
  /** Value id of every pair as a number; required by the modes `'masked'`, `'masked-symmetric'` and `'supervised'`. */
  labels?: Int32Array;
  /**
   * Hidden states below `firstTrainedLayer` of all tokens of query and key, [tokens, hidden]. If given, the frozen
   * layers are not run. To compute them, call `encode` with `layers` and `hidden`.
   */
  lowerStates?: Float32Array;
}

/**
 * Blocks that, together with the step, make up the state of a trainer: parameters and the two moments of AdamW.
 *
 * @internal
 */
export type TrainerBlock = 'parameters' | 'firstMoments' | 'secondMoments';

/** Options that a training run has under the same names. */
export const SHARED_OPTIONS = [
  'logitScale',
  'mode',
  'learningRate',
  'weightDecay',
  'maxGradNorm',
  'warmupSteps',
  'decay',
  'precision',
  'memoryBudget',
  'seed',
] as const satisfies readonly (keyof TrainerOptions)[];

const KEYS = ['encoder', ...SHARED_OPTIONS, 'totalSteps', 'pooling', 'firstTrainedLayer'] as const;

/**
 * Loads an encoder for training.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_DATA` (the folder), `ERR_OUT_OF_MEMORY`
 */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const given = expectOptions(expectObject(options, 'options'), 'options', KEYS) as unknown as TrainerOptions;
  const settings = resolveTrainerOptions(given);
  const pooling = { pooling: settings.pooling, normalize: true };
  return new Trainer(await loadCheckpoint(settings.encoder, pooling, settings.precision), settings);
}

/** @internal */
type ResolvedOptions = Required<Omit<TrainerOptions, 'totalSteps'>> & { totalSteps: number | undefined };

function resolveTrainerOptions(options: TrainerOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    encoder: expectPath(options.encoder, 'encoder'),
    logitScale: expectInRange(options.logitScale ?? 50, 'logitScale', Number.MIN_VALUE, 1e6),
    mode: expectOneOf(options.mode ?? 'masked', 'mode', INFONCE_MODES),
    learningRate: expectInRange(options.learningRate ?? 1e-5, 'learningRate', 0, 1),
    weightDecay: expectInRange(options.weightDecay ?? 0.01, 'weightDecay', 0, 1),
    maxGradNorm: expectInRange(options.maxGradNorm ?? 1, 'maxGradNorm', 0, Number.MAX_VALUE),
    warmupSteps: expectInteger(options.warmupSteps ?? 0, 'warmupSteps', 0),
    decay: expectOneOf(options.decay ?? 'constant', 'decay', ['constant', 'linear', 'cosine', 'inverse-sqrt']),
    totalSteps: options.totalSteps === undefined ? undefined : expectInteger(options.totalSteps, 'totalSteps', 1),
    precision: expectOneOf(options.precision ?? 'f32', 'precision', TRAINING_PRECISIONS),
    pooling: expectOneOf(options.pooling ?? 'mean', 'pooling', POOLING_MODES),
    firstTrainedLayer: expectInteger(options.firstTrainedLayer ?? 0, 'firstTrainedLayer', 0),
    memoryBudget: expectInteger(options.memoryBudget ?? 2 ** 30, 'memoryBudget', 0),
    seed: expectInteger(options.seed ?? 0, 'seed', 0),
  };
  learningRateAt(resolved, resolved.warmupSteps + 1); // fails now, not during training, if totalSteps is missing
  return resolved;
}

/**
 * Trains one encoder by AdamW steps on the InfoNCE loss of packed views. Steps run one at a time, in the order of the
 * calls.
 */
export class Trainer implements AsyncDisposable {
  #steps = 0;

  /** @internal Use {@link createTrainer}. */
  constructor(
    private readonly checkpoint: Checkpoint,
    private readonly settings: ResolvedOptions,
  ) {}

  /** Number of updates done so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Set this after restoring the parameters and moments of that step: see `restore`. */
  set steps(value: number) {
    this.#steps = expectInteger(value, 'steps', 0);
  }

  get dim(): number {
    return this.checkpoint.spec.hidden;
  }

  /**
   * Performs one update.
   *
   * @returns the loss, the gradient norm before clipping, and the learning rate
   * @throws EngineError `ERR_NON_FINITE` naming the step, in which case no parameter has changed; `ERR_ARG_TYPE`,
   *   `ERR_ARG_RANGE` (ids, lengths), `ERR_SHAPE_MISMATCH`, `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`, `ERR_DISPOSED`
   */
  async step(
    batch: TrainingBatch,
    options: CallOptions = {},
  ): Promise<{ loss: number; gradNorm: number; learningRate: number }> {
    const step = this.#steps + 1;
    const learningRate = learningRateAt(this.settings, step);
    const { weightDecay, maxGradNorm } = this.settings;
    const update = { step, learningRate, weightDecay, maxGradNorm, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    const loss = this.#loss(batch);
    const result = await this.checkpoint.model.step(batch.query, batch.key, loss, update, options);
    this.#steps = step;
    return { ...result, learningRate };
  }

  /**
   * Computes the loss, and the gradients by their tensor names in the checkpoint, without an update.
   *
   * @throws EngineError like {@link step}
   */
  async backward(
    batch: TrainingBatch,
    options: CallOptions = {},
  ): Promise<{ loss: number; gradients: Map<string, Float32Array> }> {
    const { model, sources } = this.checkpoint;
    const settings = this.#loss(batch);
    const { loss } = await model.backward(batch.query, batch.key, settings, options);
    return { loss, gradients: new Map(sources.map((source) => [source.file, readSource(model, source, 'gradients')])) };
  }

  /** Computes the L2-normalised embeddings of packed texts, [texts, dim]. @throws EngineError like {@link step} */
  async encode(batch: PackedTokens, options: EncodeOptions = {}): Promise<Float32Array> {
    return this.checkpoint.model.encode(batch, options);
  }

  /**
   * Lists the tensors of a block by their names in the checkpoint. Each is copied when it is read.
   *
   * @internal
   */
  tensors(block: TrainerBlock): TensorToWrite[] {
    const { model, sources } = this.checkpoint;
    return sources.map((source) => ({
      name: source.file,
      shape: shapeOf(model, source),
      read: () => readSource(model, source, block),
    }));
  }

  /**
   * Restores a block that was written from {@link tensors}.
   *
   * @internal
   * @throws EngineError `ERR_DATA` listing tensors that are missing, unknown or have the wrong shape, because the file
   *   belongs to a different architecture
   */
  async restore(block: TrainerBlock, file: SafetensorsFile): Promise<void> {
    const { model, sources, native } = this.checkpoint;
    checkNames(file, '', sources, native.ignored);
    for (const source of sources) await copyTensor(file, '', source, model, block);
  }

  /**
   * Saves the encoder to a folder in the layout of sentence-transformers: float32 weights, pooling and settings of this
   * trainer, and the tokenizer of the folder from which it was loaded. The weights are those after a complete step,
   * which includes at least all steps called so far. The folder appears once it is complete and replaces an earlier
   * one. Steps can continue while the files are written.
   *
   * @throws EngineError `ERR_DATA` if the folder holds anything other than a saved encoder, or if the folder from which
   *   the encoder was loaded is gone; `ERR_IO`, `ERR_DISPOSED`
   */
  async save(folder: string): Promise<void> {
    await saveCheckpoint(this.checkpoint, expectPath(folder, 'folder'));
  }

  /** Saves like {@link save}, with the fingerprints of all answers that the encoder was trained on. @internal */
  async saveTrained(folder: string, answers: TrainingAnswers): Promise<void> {
    await saveCheckpoint(this.checkpoint, folder, answers);
  }

  /** Frees the encoder once the calls in flight have finished. Idempotent. */
  async dispose(): Promise<void> {
    await this.checkpoint.model.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #loss(batch: TrainingBatch): LossSettings {
    expectObject(batch, 'batch');
    const { mode, logitScale, memoryBudget, firstTrainedLayer } = this.settings;
    const { layers } = this.checkpoint.spec;
    if (firstTrainedLayer > layers) {
      throw new EngineError(
        'ERR_ARG_RANGE',
        `Expected at most ${layers}, the layers of the encoder, for "firstTrainedLayer", got ${firstTrainedLayer}`,
      );
    }
    return {
      labels: batch.labels,
      mode,
      logitScale,
      memoryBudget,
      firstTrainedLayer,
      ...(batch.lowerStates !== undefined && { lowerStates: batch.lowerStates }),
    };
  }
}
