import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { FolderLock } from '../../core/folder-lock.js';
import { makeFolder } from '../../core/make-folder.js';
import { PACKAGE_VERSION } from '../../core/package-version.js';
import { expectBoolean, expectCallbacks, expectOptions, expectSignal } from '../../core/validate.js';
import { type Dataset, givenDataset, openDataset } from '../../datasets/dataset.js';
import { DatasetFit } from '../../datasets/fits/dataset-fit.js';
import {
  createFitManifest,
  FIT_LOCK,
  nextFitFolder,
  publishFit,
  removeFitFolders,
} from '../../datasets/fits/fit-manifest.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import { SeenAnswerCounter, type SeenAnswers } from '../../encoder/folder/training-answers.js';
import { writeNgramFiles } from '../../encoder/ngrams/ngram-folder.js';
import { planNgramEncoder } from '../../encoder/ngrams/plan-ngram-encoder.js';
import { CLASSIFIER_FILES } from '../../identification/classifier/classifier-files.js';
import { FIT_SETTINGS, type FitSettings } from '../../identification/fit/fit-settings.js';
import { type FitFigures, fitTable } from '../../identification/fit/fit-table.js';
import { hashFile } from '../../records/input-files.js';
import { type BuildIndexOptions, type BuiltIndex, expectIndexOptions, writeIndex } from '../index/build-index.js';
import { fitDatasetClassifier } from './fit-classifier.js';
import { answersOf, encodeShards } from './fitted-vectors.js';

/**
 * Stages of a fit, in order: reading the answers to train on, training, encoding all answers, training the classifier,
 * calibrating its probabilities, and building the index. `fit` counts training steps, `classify` value ids, `calibrate`
 * folds, and the others answers.
 */
export type FitStage = 'read' | 'fit' | 'encode' | 'classify' | 'calibrate' | 'index';

export interface FitEvents {
  /** Reports the progress of a stage. */
  onProgress?: ((stage: FitStage, done: number, total: number) => void) | undefined;
}

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

/** The fit that {@link fitDataset} wrote. */
export interface FittedDataset extends FitFigures {
  /** Folder of the fitted encoder. */
  folder: string;
  dim: number;
  /** Number of answers that have a vector. */
  rows: number;
  /**
   * Seconds of training the encoder, including reading; of encoding all answers; of training and calibrating the
   * classifier; and of building the index.
   */
  seconds: { fit: number; encode: number; classify: number; index: number };
  index: BuiltIndex | undefined;
  /** Whether a classifier was trained. */
  hasClassifier: boolean;
  /** Answers that the base was trained on; undefined without a base, or if its folder does not say. */
  seen: SeenAnswers | undefined;
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
    const clock = new Clock();
    const seen = given.base === null ? undefined : await SeenAnswerCounter.open(given.base ?? DEFAULT_ENCODER);
    const read = async function* (rows: Int32Array): AsyncGenerator<string[]> {
      for await (const texts of answersOf(source, rows, signal)) {
        seen?.add(texts);
        yield texts;
      }
    };
    const onRead = (read: number, total: number): void => events.onProgress?.('read', read, total);
    const onStep = (step: number, total: number): void => events.onProgress?.('fit', step, total);
    const call = { signal, onRead, onProgress: onStep };
    const { config, weights, settings, base, figures } = await fitTable({ ...valueIds, read }, given, call);
    const folder = await nextFitFolder(dir);
    await removeFitFolders(dir);
    await makeFolder(join(dir, folder));
    await writeNgramFiles(join(dir, folder), config, weights);
    const plan = await planNgramEncoder(join(dir, folder), {});
    const encoder = await plan.load();
    clock.lap('fit');
    try {
      const onEncoded = (rows: number): void => events.onProgress?.('encode', rows, source.rows);
      const task = { dataset: source, encoder, folder, existing: [], signal, onProgress: onEncoded };
      const shards = await encodeShards(task);
      clock.lap('encode');
      const manifest = createFitManifest({
        createdBy: `univar ${PACKAGE_VERSION}`,
        folder,
        encoder: { fingerprint: encoder.fingerprint },
        base,
        settings,
        figures,
        fittedRows: source.rows,
        rows: source.rows,
        dim: config.dim,
        dtype: 'f32',
        files: await describeFiles(dir, folder, ['config.json', 'model.safetensors']),
        shards,
      });
      const fit = new DatasetFit(dir, manifest);
      if (wantsClassifier) {
        const { base, dim, pairs, maxNgrams } = given;
        await fitDatasetClassifier({
          dataset: source,
          valueIds,
          vectors: fit,
          fit: { base, dim, pairs, maxNgrams, seed: settings.seed },
          steps: settings.steps,
          maxAnswers: settings.maxAnswers,
          seed: settings.seed,
          folder: join(dir, folder),
          signal,
          onProgress: (stage, done, total) => events.onProgress?.(stage, done, total),
        });
        manifest.classifier = await describeFiles(dir, folder, CLASSIFIER_FILES);
      }
      clock.lap('classify');
      const onIndexed = (rows: number): void => events.onProgress?.('index', rows, source.rows);
      const built =
        index === false
          ? undefined
          : await writeIndex(fit, fit.folder, { ...indexOptions, signal, onProgress: onIndexed });
      clock.lap('index');
      await expectUnchanged(source);
      await publishFit(dir, manifest);
      await removeFitFolders(dir);
      const { rows, dim } = fit;
      return {
        ...figures,
        folder: fit.folder,
        dim,
        rows,
        seconds: clock.seconds,
        index: built,
        hasClassifier: wantsClassifier,
        seen: base ? seen?.counts : undefined,
      };
    } finally {
      await encoder.dispose();
    }
  } catch (error) {
    await removeFitFolders(dir).catch(() => undefined); // frees a full disk; the first error is the one that matters
    throw error;
  } finally {
    await lock.release();
  }
}

/** Measures the seconds of the stages. */
class Clock {
  readonly seconds: FittedDataset['seconds'] = { fit: 0, encode: 0, classify: 0, index: 0 };
  #last = performance.now();

  lap(stage: keyof FittedDataset['seconds']): void {
    const now = performance.now();
    this.seconds[stage] = (now - this.#last) / 1000;
    this.#last = now;
  }
}

/** Describes the files of the encoder, or of the classifier. */
async function describeFiles(dir: string, folder: string, names: readonly string[]) {
  const files = names.map((name) => `${folder}/${name}`);
  return Promise.all(files.map(async (file) => ({ file, ...(await hashFile(join(dir, file))) })));
}

/** @throws EngineError `ERR_BUSY` if other answers are in the dataset now */
async function expectUnchanged(dataset: Dataset): Promise<void> {
  if ((await openDataset(dataset.dir)).recordsChecksum === dataset.recordsChecksum) return;
  throw new EngineError('ERR_BUSY', `${dataset.dir} was changed while its encoder was fitted; fit it again`);
}
