/** Figures shared by kNN, linear probe and word baseline. */
import { splitValueId } from '../core/value-id.js';
import { type AccuracyIntervals, bootstrapIntervals } from './bootstrap.js';
import { type Confusion, computeMetrics, countConfusion, mergeConfusion } from './metrics.js';
import type { PreparedRows } from './prepare.js';
import type { SplitKind } from './splits.js';

/** Precision and recall of one value id. */
export interface IdFigures {
  /** The label: a value id, model or language. */
  id: string;
  /** Number of training rows. */
  train: number;
  /** Number of tested rows. */
  test: number;
  /** Number of rows predicted to have this label. */
  predicted: number;
  /** 0 if never predicted. */
  precision: number;
  /** Share of the label's tested rows that are predicted correctly; null without tested rows. */
  recall: number | null;
  /** Null without tested rows. */
  f1: number | null;
}

/** How often each value id was taken for each other one. */
export interface ConfusionTable {
  /** Order of the rows and columns of `counts`. */
  labels: string[];
  /** Tested rows by actual label (outer) and predicted label (inner). */
  counts: number[][];
}

/** Value ids merged into languages or models. A prediction is correct if that part of the id is. */
export interface MergedTable extends ConfusionTable {
  accuracy: number;
  balancedAccuracy: number;
  /** 1 / number of labels. */
  chance: number;
}

/** How well a method identifies value ids. */
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
  /** Accuracy of always predicting the most common training label. */
  majority: number;
  /** Number of training rows. */
  train: number;
  /** Number of tested rows. */
  test: number;
  /** Number of question groups among the tested rows. */
  testGroups: number;
  split: SplitKind | 'given';
  /** Share of the rows that are tested. */
  testShare: number;
  seed: number;
  /** 95 % bootstrap intervals; null with a single tested group. */
  intervals: AccuracyIntervals | null;
  /** One entry per label, sorted by label. */
  perId: IdFigures[];
  /** Labels without tested rows, which the balanced accuracy leaves out. */
  idsWithoutTest: string[];
  /** Labels left out by `minPerId`. */
  idsLeftOut: string[];
  confusion: ConfusionTable;
  /** Set if the labels are value ids of several languages, and of several models in one of them. */
  byLang: MergedTable | null;
  /** Set if the labels are value ids of several models, and of several languages of one of them. */
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
