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
  mode?: 'one-way' | 'symmetric' | 'masked' | 'supervised';
  decay?: 'constant' | 'linear' | 'cosine' | 'inverse-sqrt';
  warmupSteps?: number;
  sampler?: 'mixed' | 'one-source' | 'same-questions';
  precision: 'f32' | 'bf16';
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
