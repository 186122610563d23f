import { allocateFloat32 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import type { TrainingAnswers } from '../encoder/folder/training-answers.js';
import type { SafetensorsFile } from '../encoder/formats/safetensors.js';
import type { StoredTensor } from '../encoder/formats/safetensors-writer.js';
import type { BatchSource, DrawnBatch } from './batch-source.js';
import type { FrozenStates } from './frozen-states.js';
import type { BatchPosition, Learner, UpdateFigures } from './learner.js';
import type { Trainer, TrainerBlock } from './trainer.js';
import type { TrainingSet } from './training-set.js';

/** Texts per encoder call. */
const CHUNK = 64;

const STATE_FILES: Readonly<Record<string, TrainerBlock>> = {
  'weights.safetensors': 'parameters',
  'first-moments.safetensors': 'firstMoments',
  'second-moments.safetensors': 'secondMoments',
};

/** Trains a transformer on views of the value ids. */
export class TransformerLearner implements Learner {
  readonly stateFiles = Object.keys(STATE_FILES);

  /**
   * @param trainer the learner disposes it
   * @param frozen cache of frozen states; undefined unless layers are frozen and views are single answers
   */
  constructor(
    private readonly set: TrainingSet,
    private readonly batches: BatchSource,
    private readonly trainer: Trainer,
    private readonly frozen: FrozenStates | undefined,
    private readonly trainingAnswers: TrainingAnswers,
  ) {}

  get dim(): number {
    return this.trainer.dim;
  }

  get position(): BatchPosition {
    return this.batches.position;
  }

  async step(step: number): Promise<UpdateFigures> {
    const batch = this.batches.next(step);
    const { pairs, tokens } = batch;
    const lowerStates = await this.frozen?.of(pairs);
    const figures = await this.trainer
      .step({ ...batch, ...(lowerStates && { lowerStates }) })
      .catch((error: unknown) => {
        throw this.#named(error, batch, step);
      });
    return { ...figures, epoch: this.position.epoch, pairs: pairs.length, tokens };
  }

  async embed(rows: Int32Array): Promise<Float32Array> {
    const vectors = allocateFloat32(rows.length * this.dim, 'the embeddings');
    for (let begin = 0; begin < rows.length; begin += CHUNK) {
      const texts = this.set.tokens.pack(Array.from(rows.subarray(begin, begin + CHUNK), (row) => [row]));
      vectors.set(await this.trainer.encode(texts), begin * this.dim);
    }
    return vectors;
  }

  save(folder: string): Promise<void> {
    return this.trainer.saveTrained(folder, this.trainingAnswers);
  }

  tensors(file: string): Promise<readonly StoredTensor[]> {
    return Promise.resolve(this.trainer.tensors(STATE_FILES[file]!));
  }

  restore(file: string, tensors: SafetensorsFile): Promise<void> {
    return this.trainer.restore(STATE_FILES[file]!, tensors);
  }

  resume(step: number, position: BatchPosition | undefined): void {
    this.trainer.steps = step;
    if (position) this.batches.moveTo(position);
  }

  dispose(): Promise<void> {
    return this.trainer.dispose();
  }

  /** Adds the step and the answers of the batch to the message of a loss that is not finite. */
  #named(error: unknown, { pairs }: DrawnBatch, step: number): unknown {
    if (!(error instanceof EngineError && error.code === 'ERR_NON_FINITE')) return error;
    const { set, position } = this;
    const name = (row: number): string => `${set.names[set.labels[row]!]!} on ${set.qids[row]!}`;
    const { epoch, taken } = position;
    const first = pairs
      .slice(0, 3)
      .map(({ query, key }) => `${query.map(name).join(', ')} with ${key.map(name).join(', ')}`);
    return new EngineError(
      'ERR_NON_FINITE',
      `${error.message} (step ${step}, batch ${taken} of epoch ${epoch + 1}, ${pairs.length} pairs; ` +
        `the first: ${first.join('; ')}). No weights were changed; try a smaller learningRate`,
      { cause: error },
    );
  }
}
