import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { withFileErrors } from '../core/file-errors.js';
import { expectPath } from '../core/validate.js';
import type { Picture } from '../plots/picture.js';
import { readMetrics } from './metrics.js';

/**
 * Draws loss.svg, learning-rate.svg and, if the run has validations, validation.svg from metrics.jsonl into the folder
 * of a run. The run can be unfinished.
 *
 * @returns the paths of the files
 * @throws EngineError `ERR_DATA` if the folder has no metrics, `ERR_IO`
 */
export async function plotTraining(dir: string): Promise<string[]> {
  const paths: string[] = [];
  for (const { file, svg } of await trainingCurves(dir)) {
    const path = join(dir, file);
    await withFileErrors(`write ${path}`, () => writeFile(path, svg));
    paths.push(path);
  }
  return paths;
}

/**
 * Draws the curves of {@link plotTraining} without writing them, for example for a report.
 *
 * @throws EngineError `ERR_DATA` if the folder has no metrics, `ERR_IO`
 */
export async function trainingCurves(dir: string): Promise<Picture[]> {
  expectPath(dir, 'dir');
  const metrics = await readMetrics(dir);
  const { drawTraining } = await import('./curves.js');
  return drawTraining(metrics);
}
