import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { FolderLock } from '../../core/folder-lock.js';
import { expectBoolean, expectCallbacks, expectOptions, expectSignal } from '../../core/validate.js';
import { type Dataset, givenDataset, openDataset } from '../../datasets/dataset.js';
import { FIT_LOCK, publishFit, removeFitFolders } from '../../datasets/fits/fit-manifest.js';
import { FIT_SETTINGS, type FitSettings } from '../../identification/fit/fit-settings.js';
import { type BuildIndexOptions, expectIndexOptions } from '../index/build-index.js';
import type { FitStage, FittedDataset } from './fit-types.js';
import { writeFit } from './write-fit.js';

/** Callbacks during `fitDataset`. */
export interface FitEvents {
  /** Reports the progress of a stage. */
  onProgress?: ((stage: FitStage, done: number, total: number) => void) | undefined;
}

/** Options of `fitDataset`. */
export interface FitDatasetOptions extends FitSettings {
  /** Index over the fitted vectors; false for none. @default true, with the defaults of `buildIndex` */
  index?: boolean | Omit<BuildIndexOptions, 'signal' | 'onProgress'> | undefined;
  /**
   * Also trains a linear classifier, which gives probabilities, and calibrates them on questions and value ids that it
   * has not seen. Takes several times as long as the fit. @default true
   */
  classifier?: boolean | undefined;
  signal?: AbortSignal | undefined;
  events?: FitEvents | undefined;
}

/**
 * Fits an encoder on the answers of a dataset, so that answers of one value id are close and those of others are far
 * apart, and saves it in the dataset folder with the vectors that it gives to all answers, and an index over them. From
 * then on, identification uses it. An earlier fit stays in use until the new one is complete.
 *
 * It is an n-gram encoder, trained by the method of the paper (InfoNCE between answers of one value id) on the value
 * ids that are to be told apart. It sees the answers alone, not the questions.
 *
 * @param dataset a dataset or its folder
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`; `ERR_DATA` if fewer than two value ids have two answers;
 *   `ERR_BUSY` if another process fits this dataset, or it was changed meanwhile; `ERR_IO`, `ERR_ABORTED`,
 *   `ERR_OUT_OF_MEMORY`
 */
export async function fitDataset(dataset: Dataset | string, options?: FitDatasetOptions): Promise<FittedDataset> {
  const given = expectOptions(options, 'options', [
    ...FIT_SETTINGS,
    'index',
    'classifier',
    'signal',
    'events',
  ]) as FitDatasetOptions;
  const { index = true, events = {} } = given;
  const signal = expectSignal(given.signal, 'signal');
  expectCallbacks(events, 'events', ['onProgress']);
  const wantsClassifier = expectBoolean(given.classifier ?? true, 'classifier');
  const indexOptions = typeof index === 'object' ? expectIndexOptions(index, 'index') : {};
  if (typeof index !== 'object') expectBoolean(index, 'index');
  const source = await givenDataset(dataset);
  const { dir } = source;
  const valueIds = await source.readValueIds({ signal });
  const lock = await FolderLock.acquire(join(dir, FIT_LOCK));
  try {
    const built = await writeFit({
      source,
      valueIds,
      settings: given,
      index: index === false ? undefined : indexOptions,
      wantsClassifier,
      signal,
      onProgress: (stage, done, total) => events.onProgress?.(stage, done, total),
    });
    await expectUnchanged(source);
    await publishFit(dir, built.manifest);
    await removeFitFolders(dir);
    return built.result;
  } catch (error) {
    await removeFitFolders(dir).catch(() => undefined); // frees a full disk; the first error is the one that matters
    throw error;
  } finally {
    await lock.release();
  }
}

/** @throws EngineError `ERR_BUSY` if other answers are in the dataset now */
async function expectUnchanged(dataset: Dataset): Promise<void> {
  if ((await openDataset(dataset.dir)).recordsChecksum === dataset.recordsChecksum) return;
  throw new EngineError('ERR_BUSY', `${dataset.dir} was changed while its encoder was fitted; fit it again`);
}
