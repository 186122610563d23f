/** The figures that kNN, linear probe and word baseline have in common. */
import { splitValueId } from '../core/value-id.js';
import { type AccuracyIntervals, bootstrapIntervals } from './bootstrap.js';
import { type Confusion, computeMetrics, countConfusion, mergeConfusion } from './metrics.js';
import type { PreparedRows } from './prepare.js';
import type { SplitKind } from './splits.js';

export interface IdFigures {
  /** The label: a value id, model or language. */
  id: string;
  /** Training rows. */
  train: number;
  /** Tested rows. */
  test: number;
  /** Rows predicted to be of this label. */
  predicted: number;
  /** 0 when never predicted. */
  precision: number;
  /** Share of its tested rows that was predicted correctly; null without tested rows. */
  recall: number | null;
  /** null without tested rows. */
  f1: number | null;
}

export interface ConfusionTable {
  /** Order of the rows and columns of `counts`. */
  labels: string[];
  /** Tested rows by actual label (outer) and predicted label (inner). */
  counts: number[][];
}

/** Value ids merged into languages or models: right when that part of the id is. */
export interface MergedTable extends ConfusionTable {
  accuracy: number;
  balancedAccuracy: number;
  /** 1 / number of labels. */
  chance: number;
}

export interface ClassificationResult {
  /** Share of tested rows predicted correctly. */
  accuracy: number;
  /** Mean recall over the labels with tested rows. */
  balancedAccuracy: number;
  /** Support-weighted means. */
  weightedF1: number;
  weightedPrecision: number;
  weightedRecall: number;
  /** 1 / number of labels. */
  chance: number;
  /** Accuracy of always naming the commonest training label. */
  majority: number;
  /** Number of training rows. */
  train: number;
  /** Number of tested rows. */
  test: number;
  /** Number of question groups among the tested rows. */
  testGroups: number;
  split: SplitKind | 'given';
  /** Share of the rows that was tested. */
  testShare: number;
  seed: number;
  /** 95 % bootstrap intervals; null with a single tested group. */
  intervals: AccuracyIntervals | null;
  /** One entry per label, sorted by label. */
  perId: IdFigures[];
  /** Labels that have no tested rows and so no part in the balanced accuracy. */
  idsWithoutTest: string[];
  /** Labels left out by `minPerId`. */
  idsLeftOut: string[];
  confusion: ConfusionTable;
  /** Given when the labels are value ids of several languages, and of several models in one of them. */
  byLang: MergedTable | null;
  /** Given when the labels are value ids of several models, and of several languages of one of them. */
  byModel: MergedTable | null;
}

/** Compares predictions with the labels of the tested rows. */
export function summarise(prepared: PreparedRows, predicted: Int32Array): ClassificationResult {
  const { names, trainLabels, testLabels, testGroups } = prepared;
  const counts = countConfusion(testLabels, predicted, names.length);
  const { perLabel, ...overall } = computeMetrics(counts);
  const trainCounts = new Int32Array(names.length);
  for (const label of trainLabels) trainCounts[label]! += 1;
  const commonest = trainCounts.indexOf(Math.max(...trainCounts));
  const tested = { actual: testLabels, predicted, groups: testGroups, labels: names.length };
  const areValueIds = names.every((name) => name.includes('$'));
  return {
    ...overall,
    chance: 1 / names.length,
    majority: perLabel[commonest]!.support / testLabels.length,
    train: trainLabels.length,
    test: testLabels.length,
    testGroups: new Set(testGroups).size,
    split: prepared.split,
    testShare: testLabels.length / (trainLabels.length + testLabels.length),
    seed: prepared.seed,
    intervals: bootstrapIntervals(tested, prepared.bootstrapSamples, prepared.seed),
    perId: perLabel.map((label, i) => ({
      id: names[i]!,
      train: trainCounts[i]!,
      test: label.support,
      predicted: label.predicted,
      precision: label.precision,
      recall: label.support > 0 ? label.recall : null,
      f1: label.support > 0 ? label.f1 : null,
    })),
    idsWithoutTest: names.filter((_, i) => perLabel[i]!.support === 0),
    idsLeftOut: prepared.leftOut,
    confusion: { labels: names, counts },
    byLang: areValueIds
      ? merge(
          counts,
          names.map((name) => splitValueId(name).lang),
        )
      : null,
    byModel: areValueIds
      ? merge(
          counts,
          names.map((name) => splitValueId(name).model),
        )
      : null,
  };
}

function merge(confusion: Confusion, groupOf: readonly string[]): MergedTable | null {
  const { labels, counts } = mergeConfusion(confusion, groupOf);
  if (labels.length < 2 || labels.length === groupOf.length) return null;
  const { accuracy, balancedAccuracy } = computeMetrics(counts);
  return { labels, counts, accuracy, balancedAccuracy, chance: 1 / labels.length };
}
