import type { InfoNceMode } from '../../native/infonce-modes.js';
import type { TrainingPrecision } from '../../native/precisions.js';
import type { QaRecord } from '../../records/record.js';
import type { BatchSamplerName } from '../../training/batch-samplers.js';
import type { PresetName } from '../../training/presets.js';
import type { TrainedArchitecture } from '../../training/run-settings.js';

export interface TrainCommandOptions {
  out: string;
  architecture: TrainedArchitecture;
  steps?: number;
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
  // Transformers
  encoder?: string;
  preset?: PresetName;
  lambda?: number;
  epochs?: number;
  batchSize?: number;
  maxTokens?: number;
  learningRate?: number;
  logitScale?: number;
  mode?: InfoNceMode;
  decay?: 'constant' | 'linear' | 'cosine' | 'inverse-sqrt';
  warmupSteps?: number;
  sampler?: BatchSamplerName;
  precision?: TrainingPrecision;
  freezeLayers?: number;
  // N-gram encoders
  pairs?: number;
  dim?: number;
  maxNgrams?: number;
}
