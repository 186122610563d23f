import type { SafetensorsFile } from '../encoder/formats/safetensors.js';
import type { StoredTensor } from '../encoder/formats/safetensors-writer.js';

/** The position of a run in the sequence of batches. */
export interface BatchPosition {
  epoch: number;
  /** Number of batches of the epoch used so far. */
  taken: number;
}

/** Figures of one update. */
export interface UpdateFigures {
  loss: number;
  learningRate: number;
  pairs: number;
  /** Pass over the rows; undefined if pairs are drawn at random from all rows. */
  epoch?: number | undefined;
  /** Gradient norm before clipping; undefined if it is not computed. */
  gradNorm?: number | undefined;
  /** Tokens of both views of all pairs; undefined if an update reads no tokens. */
  tokens?: number | undefined;
}

/** The part of a training run that depends on the architecture: batches, updates, vectors and files. */
export interface Learner {
  /** Width of the vectors. */
  readonly dim: number;
  /** Position after the last batch; undefined if the pairs of a step depend only on its number. */
  readonly position: BatchPosition | undefined;
  /** Names of the files that store the state, for a checkpoint. */
  readonly stateFiles: readonly string[];
  /** Draws the pairs of a step, counted from 1, and performs the update. If it fails, no weights have changed. */
  step(step: number): Promise<UpdateFigures>;
  /** Computes the vectors of rows that the validation uses, [rows, dim], with the current weights. */
  embed(rows: Int32Array): Promise<Float32Array>;
  /** Saves an encoder with the current weights to a folder, which `loadEncoder` loads. Replaces an earlier one. */
  save(folder: string): Promise<void>;
  /** Returns the tensors of a file of the state. */
  tensors(file: string): Promise<readonly StoredTensor[]>;
  /** Restores the part of the state that a file has. @throws EngineError `ERR_DATA` if it belongs to another encoder */
  restore(file: string, tensors: SafetensorsFile): Promise<void>;
  /** Continues after a step and a position, once all files are restored. */
  resume(step: number, position: BatchPosition | undefined): void;
  /** Frees the memory once the calls in flight have finished. Idempotent. */
  dispose(): Promise<void>;
}
