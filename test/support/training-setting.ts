import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { QaRecord } from '../../src/records/record.js';
import type { TrainOptions } from '../../src/training/settings.js';
import { writeRecords } from './records.js';
import { temporaryFolder } from './temporary-folder.js';
import { answers, writeTrainableEncoder } from './trainable-encoder.js';

/** An encoder, two sources of answers, and options for a short run. */
export function setting(change = (record: QaRecord): QaRecord => record): TrainOptions & { data: string[] } {
  const folder = temporaryFolder();
  writeRecords(join(folder, 'one.jsonl'), answers(4, 40).map(change));
  writeRecords(join(folder, 'two.jsonl'), answers(3, 30, { seed: 2, prefix: 'other-' }).map(change));
  return {
    data: [join(folder, 'one.jsonl'), join(folder, 'two.jsonl')],
    encoder: writeTrainableEncoder(join(folder, 'encoder')),
    out: join(folder, 'run'),
    lambda: 2,
    steps: 8,
    batchSize: 8,
    learningRate: 1e-3,
    warmupSteps: 2,
    validateEvery: 4,
    checkpointEvery: 3,
  };
}

export const weights = (run: string, encoder = 'last'): Buffer => readFileSync(join(run, encoder, 'model.safetensors'));
export const metricsOf = (run: string): Record<string, unknown>[] =>
  readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
export const checkpoints = (run: string): string[] => readdirSync(run).filter((name) => name.startsWith('step-'));
/** Removes the figures that depend on the clock. */
export const course = (run: string): unknown[] => metricsOf(run).map((line) => ({ ...line, seconds: 0 }));
