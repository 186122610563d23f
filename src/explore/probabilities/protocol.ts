/** Messages between fold-probabilities.ts and its thread. */
import type { FitSettings } from '../../identification/fit/fit-settings.js';

export interface ProbabilitiesTask {
  /** Folder of the dataset. */
  dir: string;
  /** Settings of the fit of a fold. */
  fit: FitSettings;
  maxAnswers: number;
  seed: number;
}

export type ProbabilitiesReply =
  | { kind: 'progress'; folds: number }
  /** [rows, value ids] */
  | { kind: 'ready'; probabilities: Float32Array<ArrayBuffer> }
  | { kind: 'failed'; message: string };
