/** Runs the evaluations on a dataset folder. */

import { expectArray, expectFunction, expectObject, expectOneOf, fail } from '../core/validate.js';
import { expectRecord, type QaRecord, valueId } from '../records/record.js';
import { type ClassifierOptions, type ClassifierResult, evaluateClassifier } from './classifier/evaluate-classifier.js';
import { evaluateFittedKnn, type FitOptions } from './fitted-knn.js';
import { evaluateKnn, type KnnOptions, type KnnResult } from './knn.js';
import type { LabelledRows } from './prepare.js';
import { evaluateProbe, type ProbeOptions, type ProbeResult } from './probe.js';
import { evaluateTfidf } from './tfidf.js';

/** Data that an evaluation reads. `Dataset` implements it. */
export interface EvaluationDataset {
  readonly dim: number;
  /** [rows, dim], row-major. */
  readEmbeddings(): Promise<Float32Array>;
  readRecords(): Promise<QaRecord[]>;
}

/** Label to predict: the value id `model$lang`, the model alone, or the language alone. */
export type EvaluationTarget = 'valueId' | 'model' | 'lang';

/** Which answers of a dataset are evaluated, and as what. */
export interface TargetOptions {
  /** @default 'valueId' */
  target?: EvaluationTarget;
}

/** Runs {@link evaluateKnn} on the embeddings of a dataset. */
export async function evaluateDatasetKnn(
  dataset: EvaluationDataset,
  options: KnnOptions & TargetOptions = {},
): Promise<KnnResult> {
  const { target, ...rest } = expectObject(options, 'options') as typeof options;
  expectDataset(dataset, ['readRecords', 'readEmbeddings']);
  const rows = labelRecords(await dataset.readRecords(), target);
  return evaluateKnn({ ...rows, embeddings: await dataset.readEmbeddings(), dim: dataset.dim }, rest);
}

/** Runs {@link evaluateProbe} on the embeddings of a dataset. */
export async function evaluateDatasetProbe(
  dataset: EvaluationDataset,
  options: ProbeOptions & TargetOptions = {},
): Promise<ProbeResult> {
  const { target, ...rest } = expectObject(options, 'options') as typeof options;
  expectDataset(dataset, ['readRecords', 'readEmbeddings']);
  const rows = labelRecords(await dataset.readRecords(), target);
  return evaluateProbe({ ...rows, embeddings: await dataset.readEmbeddings(), dim: dataset.dim }, rest);
}

/** Runs {@link evaluateTfidf} on the answers of a dataset. Equal options give the same split as in the other two. */
export async function evaluateDatasetTfidf(
  dataset: Pick<EvaluationDataset, 'readRecords'>,
  options: KnnOptions & TargetOptions = {},
): Promise<KnnResult> {
  const { target, ...rest } = expectObject(options, 'options') as typeof options;
  expectDataset(dataset, ['readRecords']);
  const records = await dataset.readRecords();
  return evaluateTfidf({ ...labelRecords(records, target), texts: records.map(({ answer }) => answer) }, rest);
}

/**
 * Runs {@link evaluateFittedKnn} on the answers of a dataset: fits an encoder on the value ids of the training rows.
 * Equal options give the same split as in the others.
 */
export async function evaluateDatasetFittedKnn(
  dataset: Pick<EvaluationDataset, 'readRecords'>,
  options: KnnOptions & FitOptions & TargetOptions = {},
): Promise<KnnResult> {
  const { target, ...rest } = expectObject(options, 'options') as typeof options;
  expectDataset(dataset, ['readRecords']);
  const records = await dataset.readRecords();
  const texts = records.map(({ answer }) => answer);
  return evaluateFittedKnn({ ...labelRecords(records, target), texts, valueIds: records.map(valueId) }, rest);
}

/**
 * Runs {@link evaluateClassifier} on the answers of a dataset: trains on the target of the training rows. Equal options
 * give the same split as in the others.
 */
export async function evaluateDatasetClassifier(
  dataset: Pick<EvaluationDataset, 'readRecords'>,
  options: ClassifierOptions & TargetOptions = {},
): Promise<ClassifierResult> {
  const { target, ...rest } = expectObject(options, 'options') as typeof options;
  expectDataset(dataset, ['readRecords']);
  const records = await dataset.readRecords();
  return evaluateClassifier({ ...labelRecords(records, target), texts: records.map(({ answer }) => answer) }, rest);
}

/** Labels records by target, and groups them by theme if a record names one, otherwise by question. */
export function labelRecords(records: readonly QaRecord[], target: EvaluationTarget = 'valueId'): LabelledRows {
  expectOneOf(target, 'target', ['valueId', 'model', 'lang']);
  expectArray(records, 'records', expectRecord);
  return {
    labels: records.map((record) => (target === 'valueId' ? valueId(record) : record[target])),
    groups: records.map(({ group, qid }) => group ?? qid),
  };
}

function expectDataset(dataset: unknown, methods: readonly string[]): void {
  if (typeof dataset !== 'object' || dataset === null) fail('ERR_ARG_TYPE', 'a dataset', 'dataset', dataset);
  for (const name of methods) {
    expectFunction((dataset as Record<string, unknown>)[name], `dataset.${name}`);
  }
}
