import { throwIfAborted } from '../../core/abort.js';
import type { RowLabels } from '../../core/row-labels.js';
import type { Dataset } from '../../datasets/dataset.js';
import type { EmbeddingShards } from '../../datasets/embedding-shards.js';
import {
  CALIBRATION_ANSWERS,
  calibrateOnFolds,
  foldSettings,
} from '../../identification/classifier/calibrate-on-folds.js';
import { CentroidSum } from '../../identification/classifier/centroids.js';
import { writeClassifier } from '../../identification/classifier/classifier-files.js';
import type { LabelledTexts } from '../../identification/classifier/fit-classifier.js';
import { FOLDS } from '../../identification/classifier/held-out-scores.js';
import { trainClassifier } from '../../identification/classifier/train-classifier.js';
import type { FitSettings } from '../../identification/fit/fit-settings.js';
import { sampleRows } from '../../identification/fit/pairs.js';
import { answersOf } from './fitted-vectors.js';

const BATCH_ROWS = 16_384;

export interface ClassifierTask {
  dataset: Dataset;
  valueIds: RowLabels;
  /** The vectors of the fitted encoder. */
  vectors: EmbeddingShards;
  /** Settings of the fit. */
  fit: Omit<FitSettings, 'steps'>;
  /** Training steps of the fit. */
  steps: number;
  /** Answers to train on. */
  maxAnswers: number;
  seed: number;
  /** Path of the folder to write to. */
  folder: string;
  signal: AbortSignal | undefined;
  /** Reports the number of value ids whose plane is trained, or of complete folds. */
  onProgress: (stage: 'classify' | 'calibrate', done: number, total: number) => void;
}

/**
 * Trains the classifier of a dataset, calibrates its probabilities and writes its files.
 *
 * @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function fitDatasetClassifier(task: ClassifierTask): Promise<void> {
  const { dataset, valueIds, vectors, fit, steps, maxAnswers, seed, folder, signal, onProgress } = task;
  const total = valueIds.names.length;
  const answers = { ...valueIds, read: (rows: Int32Array) => answersOf(dataset, rows, signal) };
  const onTrained = (done: number): void => onProgress('classify', done, total);
  const weights = await trainClassifier(answers, { maxAnswers, seed, signal, onProgress: onTrained });
  onTrained(total);
  const sum = new CentroidSum(total, vectors.dim);
  let row = 0;
  for await (const batch of vectors.embeddingBatches(BATCH_ROWS)) {
    throwIfAborted(signal, 'The fit was aborted');
    const rows = batch.length / vectors.dim;
    sum.add(batch, valueIds.labels.subarray(row, row + rows));
    row += rows;
  }
  const chosen = sampleRows(valueIds.labels, total, CALIBRATION_ANSWERS, seed);
  const sample = await labelledTexts(dataset, valueIds, chosen, signal);
  const calibration = await calibrateOnFolds(
    sample,
    { fit: foldSettings(fit, steps), maxAnswers, seed, names: valueIds.names },
    { signal, onProgress: (done) => onProgress('calibrate', done, FOLDS) },
  );
  await writeClassifier(folder, { ...weights, centroids: sum.centroids(), dim: vectors.dim, calibration });
}

/** Reads the answers of ascending rows with their value ids and questions. */
async function labelledTexts(
  dataset: Dataset,
  { names, labels }: RowLabels,
  rows: Int32Array,
  signal: AbortSignal | undefined,
): Promise<LabelledTexts> {
  const texts: string[] = [];
  const groups: string[] = [];
  let first = 0;
  for await (const records of dataset.recordBlocks()) {
    throwIfAborted(signal, 'The fit was aborted');
    while (texts.length < rows.length && rows[texts.length]! < first + records.length) {
      const { answer, group, qid } = records[rows[texts.length]! - first]!;
      texts.push(answer);
      groups.push(group ?? qid);
    }
    first += records.length;
  }
  return { texts, groups, valueIds: Array.from(rows, (row) => names[labels[row]!]!) };
}
