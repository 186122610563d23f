import { EngineError } from '../../core/errors.js';
import type { EncoderModel } from '../../native/encoder-model.js';
import type { PackedTokens } from '../../native/packed-tokens.js';
import type { EncoderPrecision } from '../encoder.js';
import type { ModelFolder } from '../folder/model-folder.js';
import { loadCheckpoint } from '../weights/checkpoint.js';
import type { BatchRunner } from './batch-encoder.js';

/** The engine's own encoder: computes on the engine thread of this process, without padding. */
export class NativeRunner implements BatchRunner {
  readonly alive = true;

  private constructor(
    private readonly folder: string,
    private readonly model: EncoderModel,
  ) {}

  /** @throws EngineError as {@link loadCheckpoint}, and `ERR_DATA` if the model is not as wide as the folder says */
  static async start(
    { architecture, moduleFolder, pooling, normalize, dim }: ModelFolder,
    precision: EncoderPrecision,
  ): Promise<NativeRunner> {
    const { model } = await loadCheckpoint(moduleFolder, { pooling, normalize }, precision, architecture);
    if (model.spec.hidden === dim) return new NativeRunner(moduleFolder, model);
    await model.dispose();
    throw new EngineError(
      'ERR_DATA',
      `${moduleFolder}: the pooling module is for vectors of ${dim}, the model has ${model.spec.hidden}`,
    );
  }

  async encode(batch: PackedTokens): Promise<Float32Array> {
    const embeddings = await this.model.encode(batch);
    if (!embeddings.every(Number.isFinite)) {
      throw new EngineError(
        'ERR_NON_FINITE',
        `${this.folder} gave NaN or infinity for a batch of ${batch.offsets.length - 1} texts`,
      );
    }
    return embeddings;
  }

  stop(): Promise<void> {
    return this.model.dispose();
  }
}
