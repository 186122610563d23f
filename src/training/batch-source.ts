import { SeededRandom } from '../core/random.js';
import { type BatchSampler, createBatchSampler } from './batch-samplers.js';
import type { BatchPosition } from './learner.js';
import type { TrainSettings } from './settings.js';
import type { TrainingBatch } from './trainer.js';
import type { TrainingSet } from './training-set.js';
import { drawPair, type Pair } from './view-sampler.js';

export interface DrawnBatch extends TrainingBatch {
  labels: Int32Array;
  pairs: Pair[];
  tokens: number;
}

/**
 * The sequence of batches of a run. The random draws of epoch e and step t depend only on the seed, e and t, so that a
 * run can resume from a position without the history of the generator.
 */
export class BatchSource {
  readonly #sampler: BatchSampler;
  #batches: Int32Array[];
  #number = 0;
  #taken = 0;

  /** @param rows training rows of the set */
  constructor(
    private readonly set: TrainingSet,
    rows: Int32Array,
    private readonly settings: Pick<TrainSettings, 'sampler' | 'batchSize' | 'lambda' | 'disjointViews' | 'seed'>,
  ) {
    this.#sampler = createBatchSampler(settings.sampler, set, rows, settings.batchSize);
    this.#batches = this.#epoch(0);
  }

  /** Position after the last batch. */
  get position(): BatchPosition {
    return { epoch: this.#number, taken: this.#taken };
  }

  /** Resumes after a position of an earlier source with the same rows and settings. */
  moveTo({ epoch, taken }: BatchPosition): void {
    if (epoch !== this.#number) this.#batches = this.#epoch(epoch);
    this.#number = epoch;
    this.#taken = taken;
  }

  /** Batches of the current epoch. With the `same-questions` sampler, this number varies slightly between epochs. */
  get batchesPerEpoch(): number {
    return this.#batches.length;
  }

  /** Draws the batch of a step, counted from 1. */
  next(step: number): DrawnBatch {
    const { set, settings } = this;
    if (this.#taken === this.#batches.length) this.moveTo({ epoch: this.#number + 1, taken: 0 });
    const rows = this.#batches[this.#taken]!;
    this.#taken += 1;
    // Even stream numbers belong to steps, odd ones to epochs.
    const random = SeededRandom.stream(settings.seed, 2 * step);
    const options = { lambda: settings.lambda, disjoint: settings.disjointViews };
    const pairs = Array.from(rows, (row) => drawPair(this.#sampler.pool(row, rows), set.groups, options, random));
    const query = set.tokens.pack(pairs.map((pair) => pair.query));
    const key = set.tokens.pack(pairs.map((pair) => pair.key));
    return {
      query,
      key,
      labels: rows.map((row) => set.labels[row]!),
      pairs,
      tokens: query.ids.length + key.ids.length,
    };
  }

  #epoch(epoch: number): Int32Array[] {
    return this.#sampler.epoch(SeededRandom.stream(this.settings.seed, 2 * epoch + 1));
  }
}
