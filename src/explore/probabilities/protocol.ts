/** Messages between fold-probabilities.ts and its process. */
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
  /** [answers, value ids] of the answers from row `first` on. */
  | { kind: 'answers'; first: number; probabilities: Float32Array<ArrayBuffer> }
  | { kind: 'ready' }
  | { kind: 'failed'; message: string };
