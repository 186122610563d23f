import { join } from 'node:path';

import { checkFile } from '../../datasets/dataset.js';
import type { DatasetFit } from '../../datasets/fits/dataset-fit.js';
import { readClassifier } from '../../identification/classifier/classifier-files.js';
import { ValueClassifier } from '../../identification/classifier/value-classifier.js';

/**
 * Loads the classifier of a fit.
 *
 * @returns undefined if the fit has none
 * @throws EngineError `ERR_DATA` if it is damaged or was exchanged; `ERR_IO`, `ERR_OUT_OF_MEMORY`
 */
export async function loadFitClassifier(fit: DatasetFit): Promise<ValueClassifier | undefined> {
  const { classifier } = fit.manifest;
  if (!classifier) return undefined;
  await Promise.all(classifier.map((entry) => checkFile(join(fit.dir, entry.file), entry, true)));
  return ValueClassifier.create(await readClassifier(fit.folder));
}
