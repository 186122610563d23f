import { SeededRandom } from '../core/random.js';
import { type BatchSampler, createBatchSampler } from './batch-samplers.js';
import type { TrainSettings } from './settings.js';
import type { TrainingBatch } from './trainer.js';
import type { TrainingSet } from './training-set.js';
import { drawPair, type Pair } from './view-sampler.js';

/** Where in the sequence of batches a run is. */
export interface BatchPosition {
  epoch: number;
  /** Batches of the epoch that were taken. */
  taken: number;
}

export interface DrawnBatch extends TrainingBatch {
  labels: Int32Array;
  pairs: Pair[];
  tokens: number;
}

/**
 * The batches of a run, one after the other. What epoch e and step t draw depends on the seed and on e and t alone, so
 * that a run can go on from a position without the generator's history.
 */
export class BatchSource {
  readonly #sampler: BatchSampler;
  #batches: Int32Array[];
  #number = 0;
  #taken = 0;

  /** @param rows of the set that are trained on */
  constructor(
    private readonly set: TrainingSet,
    rows: Int32Array,
    private readonly settings: Pick<TrainSettings, 'sampler' | 'batchSize' | 'lambda' | 'disjointViews' | 'seed'>,
  ) {
    this.#sampler = createBatchSampler(settings.sampler, set, rows, settings.batchSize);
    this.#batches = this.#epoch(0);
  }

  /** How far the batches have been taken. */
  get position(): BatchPosition {
    return { epoch: this.#number, taken: this.#taken };
  }

  /** Goes on behind a position of an earlier source with the same rows and settings. */
  moveTo({ epoch, taken }: BatchPosition): void {
    if (epoch !== this.#number) this.#batches = this.#epoch(epoch);
    this.#number = epoch;
    this.#taken = taken;
  }

  /** Batches of the present epoch; epochs differ by a few where batches are made of whole questions. */
  get batchesPerEpoch(): number {
    return this.#batches.length;
  }

  /** The batch of a step, counted from 1. */
  next(step: number): DrawnBatch {
    const { set, settings } = this;
    if (this.#taken === this.#batches.length) this.moveTo({ epoch: this.#number + 1, taken: 0 });
    const rows = this.#batches[this.#taken]!;
    this.#taken += 1;
    // Even numbers are steps, odd ones epochs.
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
