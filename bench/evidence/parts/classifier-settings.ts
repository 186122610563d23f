/** The settings of the linear classifier, changed one at a time, and its accuracy without the fitted encoder. */
import { join } from 'node:path';

import { argMax } from '../../../src/core/arg-max.js';
import { labelRows } from '../../../src/core/row-labels.js';
import { CLASSIFIER_GROUPS } from '../../../src/identification/classifier/classifier-weights.js';
import {
  CLASSIFIER_SETTINGS,
  type ClassifierSettings,
  trainClassifier,
} from '../../../src/identification/classifier/train-classifier.js';
import { NgramTable } from '../../../src/native/ngram-table.js';
import { mean } from '../identify-answers.js';
import type { Lab } from '../lab.js';
import { scoreOf } from '../methods.js';
import { percent, table } from '../pages.js';
import { readSource, splitSource } from '../sources.js';
import type { ValueSet } from '../value-sets.js';
import type { Outcome } from './part.js';

/** Sources of different kinds: refusals, general questions, Chinese, long answers, many ids. */
const SOURCES = ['redteam_safety', 'lima_control', 'zbench_general_zho', 'us_hard_speech', 'government_criticism'];

const VARIANTS: Readonly<Record<string, Partial<ClassifierSettings>>> = {
  'as it is': {},
  'C = 1': { c: 1 },
  'C = 3': { c: 3 },
  'C = 30': { c: 30 },
  '10 passes': { maxPasses: 10 },
  '40 passes': { maxPasses: 40 },
  '65,536 n-grams': { maxRows: 2 ** 16 },
  '262,144 n-grams': { maxRows: 2 ** 18 },
};

export async function classifierSettings(lab: Lab): Promise<Outcome> {
  const { sources: limits } = lab.scale;
  const accuracies: Record<string, number[]> = {};
  for (const name of SOURCES) {
    const set = splitSource(await readSource(name, limits, join(lab.options.data, 'qa')), limits.seeds[0]!);
    for (const [title, variant] of Object.entries(VARIANTS)) {
      const accuracy = await accuracyOf(set, { ...CLASSIFIER_SETTINGS, ...variant });
      lab.log(`${name}, ${title}: ${percent(accuracy)} %`);
      accuracies[title] = [...(accuracies[title] ?? []), accuracy];
    }
  }
  const rows = Object.entries(accuracies).map(([title, shares]) => [
    title,
    ...shares.map(percent),
    percent(mean(shares)),
  ]);
  return {
    result: { sources: SOURCES, accuracies },
    sections: [{ page: 'evidence', name: 'classifier settings', markdown: table(['', ...SOURCES, 'mean'], rows) }],
    plots: {},
  };
}

/** Balanced accuracy of the planes alone on the tested answers, trained on the voting ones. */
async function accuracyOf({ records, labels, split }: ValueSet, settings: ClassifierSettings): Promise<number> {
  const { train, test } = split;
  const read = (rows: Int32Array): string[][] => [Array.from(rows, (row) => records[train[row]!]!.answer)];
  const answers = { ...labelRows(Array.from(train, (row) => labels[row]!)), read };
  const { names, keys, planes, biases } = await trainClassifier(
    answers,
    { maxAnswers: train.length, seed: 1 },
    settings,
  );
  const rows = await NgramTable.create({ dim: names.length, keys, rows: planes.codes, scales: planes.scales });
  try {
    const texts = Array.from(test, (row) => records[row]!.answer);
    const { scores } = await rows.score(texts, CLASSIFIER_GROUPS);
    const predicted = texts.map(
      (_, i) => names[argMax(biases.map((bias, c) => bias + scores[i * names.length + c]!))]!,
    );
    return scoreOf(
      Array.from(test, (row) => labels[row]!),
      predicted,
    ).balancedAccuracy;
  } finally {
    rows.dispose();
  }
}
