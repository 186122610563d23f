import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { FolderLock } from '../../core/folder-lock.js';
import { PACKAGE } from '../../core/package-files.js';
import type { Dataset } from '../../datasets/dataset.js';
import { DatasetFit } from '../../datasets/fits/dataset-fit.js';
import {
  createFitManifest,
  FIT_LOCK,
  type FitManifest,
  publishFit,
  readFitManifest,
  removeFormerVectors,
} from '../../datasets/fits/fit-manifest.js';
import type { CallOptions } from '../../native/call.js';
import { searchedVectors, type VectorSource } from '../index/vector-source.js';
import { encodeShards } from './fitted-vectors.js';
import { loadFitEncoder } from './search-encoder.js';

/**
 * Completes the fit of a dataset, if it has one, after answers were added or removed: the fitted encoder as it is
 * encodes the answers of new shards. Until that is done, and after an interruption, the fit is stale, and the dataset's
 * own vectors are searched; another call completes it. `onProgress` receives the number of rows that have a vector.
 *
 * @param added number of answers that were just added after the others
 * @returns the vectors that are searched from now on. Their index is not rebuilt
 * @throws EngineError `ERR_BUSY` if another process writes a fit of this dataset; `ERR_DATA`, `ERR_IO`, `ERR_ABORTED`,
 *   `ERR_OUT_OF_MEMORY`
 */
export async function refreshFit(dataset: Dataset, added: number, options: CallOptions = {}): Promise<VectorSource> {
  const source = await searchedVectors(dataset);
  if (!source.hasStaleFit) return source;
  const lock = await FolderLock.acquire(join(dataset.dir, FIT_LOCK));
  try {
    const former = await readFitManifest(dataset.dir);
    if (former) await completeFit(dataset, former, added, options);
  } finally {
    await lock.release();
  }
  return searchedVectors(dataset);
}

async function completeFit(dataset: Dataset, former: FitManifest, added: number, options: CallOptions): Promise<void> {
  const { dir, rows } = dataset;
  const { folder, shards: existing } = former;
  const encoder = await loadFitEncoder(new DatasetFit(dir, former));
  try {
    const shards = await encodeShards({ dataset, encoder, folder, existing, ...options });
    const createdBy = `univar ${PACKAGE.version}`;
    const fittedRows = Math.min(former.fittedRows, rows - added);
    const manifest = createFitManifest({ ...former, createdBy, fittedRows, rows, shards });
    await publishFit(dir, manifest);
    await removeFormerVectors(dir, manifest);
  } catch (error) {
    if (!(error instanceof EngineError && error.code === 'ERR_ABORTED')) throw error;
    throw new EngineError('ERR_ABORTED', 'The fit was not completed for the added answers', {
      cause: error,
      remedies: [{ text: `run it again: all answers are in ${dir}` }, { text: 'run "univar fit"' }],
    });
  } finally {
    await encoder.dispose();
  }
}
