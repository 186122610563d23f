import { join } from 'node:path';

import { makeFolder } from '../../core/make-folder.js';
import { PACKAGE } from '../../core/package-files.js';
import type { RowLabels } from '../../core/row-labels.js';
import { expectPath } from '../../core/validate.js';
import type { Dataset } from '../../datasets/dataset.js';
import { DatasetFit } from '../../datasets/fits/dataset-fit.js';
import {
  createFitManifest,
  type FitManifest,
  nextFitFolder,
  removeFitFolders,
} from '../../datasets/fits/fit-manifest.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import type { Encoder } from '../../encoder/encoder.js';
import { SeenAnswerCounter } from '../../encoder/folder/training-answers.js';
import { writeNgramFiles } from '../../encoder/ngrams/ngram-folder.js';
import { planNgramEncoder } from '../../encoder/ngrams/plan-ngram-encoder.js';
import { CLASSIFIER_FILES } from '../../identification/classifier/classifier-files.js';
import type { FitSettings } from '../../identification/fit/fit-settings.js';
import { type FittedTable, fitTable } from '../../identification/fit/fit-table.js';
import { hashFile } from '../../records/input-files.js';
import { type BuildIndexOptions, writeIndex } from '../index/build-index.js';
import { fitDatasetClassifier } from './fit-classifier.js';
import type { FitStage, FittedDataset } from './fit-types.js';
import { answersOf, encodeShards } from './fitted-vectors.js';

/** What a fit is made of, checked. */
export interface FitJob {
  source: Dataset;
  valueIds: RowLabels;
  settings: FitSettings;
  /** Settings of the index; undefined for none. */
  index: Omit<BuildIndexOptions, 'signal' | 'onProgress'> | undefined;
  wantsClassifier: boolean;
  signal: AbortSignal | undefined;
  onProgress: (stage: FitStage, done: number, total: number) => void;
}

/** A complete fit, which fit.json does not name yet. */
export interface WrittenFit {
  manifest: FitManifest;
  result: FittedDataset;
}

/** Writes the folder of a new fit: the encoder, the vectors of all answers, the classifier and the index. */
export async function writeFit(job: FitJob): Promise<WrittenFit> {
  const { source, index, signal } = job;
  const { dir } = source;
  const clock = new Clock();
  const { table, encoder, folder, seen } = await trainEncoder(job);
  clock.lap('fit');
  try {
    const manifest = await encodeAnswers(job, table, encoder, folder);
    const fit = new DatasetFit(dir, manifest);
    clock.lap('encode');
    if (job.wantsClassifier) {
      await trainFitClassifier(job, table, fit);
      manifest.classifier = await describeFiles(dir, folder, CLASSIFIER_FILES);
    }
    clock.lap('classify');
    const onProgress = (rows: number): void => job.onProgress('index', rows, source.rows);
    const built = index && (await writeIndex(fit, fit.folder, { ...index, signal, onProgress }));
    clock.lap('index');
    const result = {
      ...table.figures,
      folder: fit.folder,
      dim: fit.dim,
      rows: fit.rows,
      seconds: clock.seconds,
      index: built,
      hasClassifier: job.wantsClassifier,
      seen: table.base ? seen : undefined,
    };
    return { manifest, result };
  } finally {
    await encoder.dispose();
  }
}

interface TrainedEncoder {
  table: FittedTable;
  encoder: Encoder;
  /** Name of its folder. */
  folder: string;
  seen: FittedDataset['seen'];
}

async function trainEncoder({ source, valueIds, settings, signal, onProgress }: FitJob): Promise<TrainedEncoder> {
  const { dir } = source;
  const { base = DEFAULT_ENCODER } = settings;
  const seen = base === null ? undefined : await SeenAnswerCounter.open(expectPath(base, 'base'));
  const read = async function* (rows: Int32Array): AsyncGenerator<string[]> {
    for await (const texts of answersOf(source, rows, signal)) {
      seen?.add(texts);
      yield texts;
    }
  };
  const table = await fitTable({ ...valueIds, read }, settings, {
    signal,
    onRead: (answers, total) => onProgress('read', answers, total),
    onProgress: (step, total) => onProgress('fit', step, total),
  });
  const folder = await nextFitFolder(dir);
  await removeFitFolders(dir);
  await makeFolder(join(dir, folder));
  await writeNgramFiles(join(dir, folder), table.config, table.weights);
  const plan = await planNgramEncoder(join(dir, folder), {});
  return { table, folder, encoder: await plan.load(), seen: seen?.counts };
}

/** Writes the vectors of all answers, and describes the fit so far. */
async function encodeAnswers(
  { source, signal, onProgress }: FitJob,
  { config, settings, base, figures }: FittedTable,
  encoder: Encoder,
  folder: string,
): Promise<FitManifest> {
  const { dir, rows } = source;
  const onEncoded = (done: number): void => onProgress('encode', done, rows);
  const shards = await encodeShards({ dataset: source, encoder, folder, existing: [], signal, onProgress: onEncoded });
  return createFitManifest({
    createdBy: `univar ${PACKAGE.version}`,
    folder,
    encoder: { fingerprint: encoder.fingerprint },
    base,
    settings,
    figures,
    fittedRows: rows,
    rows,
    dim: config.dim,
    dtype: 'f32',
    files: await describeFiles(dir, folder, ['config.json', 'model.safetensors']),
    shards,
  });
}

async function trainFitClassifier(job: FitJob, table: FittedTable, fit: DatasetFit): Promise<void> {
  const { source, valueIds, signal, onProgress } = job;
  const { base, dim, pairs, maxNgrams } = job.settings;
  const { steps, maxAnswers, seed } = table.settings;
  await fitDatasetClassifier({
    dataset: source,
    valueIds,
    vectors: fit,
    fit: { base, dim, pairs, maxNgrams, seed },
    steps,
    maxAnswers,
    seed,
    folder: fit.folder,
    signal,
    onProgress,
  });
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
