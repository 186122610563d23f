/** metrics.jsonl of a run: one line per update and per validation. */
import { type FileHandle, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { systemCode, withFileErrors } from '../core/file-errors.js';
import type { UpdateFigures } from './learner.js';
import type { ValidationResult } from './validation.js';

export interface StepMetrics extends UpdateFigures {
  kind: 'step';
  step: number;
  /** Duration of the step, without validation and checkpoint. */
  seconds: number;
}

export interface ValidationMetrics extends ValidationResult {
  kind: 'validation';
  /** Updates done before the validation. */
  step: number;
  seconds: number;
}

export type Metrics = StepMetrics | ValidationMetrics;

export const METRICS_FILE = 'metrics.jsonl';

/** Appends lines, which survive the process. The checkpoint decides which of them are valid. */
export class MetricsFile {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  /**
   * Opens the file and drops all lines after the checkpoint from which the run resumes.
   *
   * @param step step of the checkpoint; undefined drops all lines
   * @throws EngineError `ERR_IO`
   */
  static async open(dir: string, step: number | undefined): Promise<MetricsFile> {
    const path = join(dir, METRICS_FILE);
    const kept = step === undefined ? [] : (await readLines(path)).filter((line) => line.step <= step);
    return withFileErrors(`write ${path}`, async () => {
      await writeFile(path, kept.map(toLine).join(''));
      return new MetricsFile(path, await open(path, 'a'));
    });
  }

  async append(metrics: Metrics): Promise<void> {
    await withFileErrors(`write ${this.path}`, () => this.handle.appendFile(toLine(metrics)));
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/**
 * Reads the metrics of a run.
 *
 * @throws EngineError `ERR_DATA` if the folder has no metrics or a line is damaged
 */
export async function readMetrics(dir: string): Promise<Metrics[]> {
  const path = join(dir, METRICS_FILE);
  const metrics = await readLines(path);
  if (metrics.length === 0) throw new EngineError('ERR_DATA', `${path} contains no metrics of a training run`);
  return metrics;
}

/** Reads the complete lines. Ignores an unfinished last line, which was being written when the process died. */
async function readLines(path: string): Promise<Metrics[]> {
  const text = await withFileErrors(`read ${path}`, async () => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return '';
      throw error;
    }
  });
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, i) => {
      try {
        return JSON.parse(line) as Metrics;
      } catch (cause) {
        throw new EngineError('ERR_DATA', `${path}:${i + 1}: not valid JSON`, { cause });
      }
    });
}

function toLine(metrics: Metrics): string {
  return `${JSON.stringify(metrics)}\n`;
}
