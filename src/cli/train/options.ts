import type { InfoNceMode } from '../../native/infonce-modes.js';
import type { TrainingPrecision } from '../../native/precisions.js';
import type { QaRecord } from '../../records/record.js';

export interface TrainCommandOptions {
  out: string;
  encoder: string;
  preset: 'paper-text' | 'upstream-code' | 'univar';
  lambda: number;
  steps?: number;
  epochs?: number;
  batchSize?: number;
  maxTokens?: number;
  learningRate?: number;
  logitScale?: number;
  mode?: InfoNceMode;
  decay?: 'constant' | 'linear' | 'cosine' | 'inverse-sqrt';
  warmupSteps?: number;
  sampler?: 'mixed' | 'one-source' | 'same-questions';
  precision: TrainingPrecision;
  freezeLayers?: number;
  validateEvery?: number;
  patience?: number;
  checkpointEvery?: number;
  minPerId?: number;
  seed?: number;
  columns?: Partial<Record<keyof QaRecord, string>>;
  model?: string;
  lang?: string;
  skipBad?: boolean;
  plot?: boolean;
  json?: boolean;
}
