/**
 * The main table: balanced accuracy of fitted encoders, of encoders that are not fitted, and of methods that need no
 * encoder, on sources in all their languages. Checks that a fit learns nothing about new answers from shuffled labels.
 */
import { join } from 'node:path';

import { evaluateFittedKnn } from '../../../src/evaluation/fitted-knn.js';
import { BASES_KEY } from '../../base/fold-bases.js';
import {
  byLanguage,
  languageTable,
  mainTable,
  notesOf,
  type Scores,
  type ShuffledFigures,
  type SourceFigures,
  shuffledTable,
} from '../encoder-tables.js';
import { accuracyOnFittedAnswers, shuffleWithinGroups } from '../fitted.js';
import type { Lab } from '../lab.js';
import { availableMethods, type Method, scoresOf } from '../methods.js';
import { percent } from '../pages.js';
import { readSource, SOURCES, splitSource } from '../sources.js';
import type { Outcome } from './part.js';

/** Sources of the check with shuffled labels. */
const SHUFFLED = ['redteam_safety', 'government_criticism', 'lima_control'] as const;
const SHUFFLED_K = 10;

export async function encoders(lab: Lab): Promise<Outcome> {
  const methods = await availableMethods();
  const sources: SourceFigures[] = [];
  for (const name of SOURCES) sources.push(await compareOn(lab, name, methods));
  const shuffled: ShuffledFigures[] = [];
  for (const name of SHUFFLED) shuffled.push(await shuffle(lab, name));
  const columns = Object.assign({}, ...methods.map((method) => method.columns)) as Record<string, string>;
  return {
    result: {
      methods: methods.map(({ name, key }) => ({ name, key })),
      sources: sources.map(({ scores, ...source }) => ({
        ...source,
        balancedAccuracy: Object.fromEntries(
          Object.entries(scores).map(([column, bySeed]) => [column, bySeed.map((score) => score.balancedAccuracy)]),
        ),
        classifier: scores['classifier']!.map(({ calibrationError, tenTogether }) => ({
          calibrationError,
          tenTogether,
        })),
      })),
      languages: byLanguage(sources),
      shuffled,
    },
    sections: [
      {
        page: 'evidence',
        name: 'encoders',
        markdown: [mainTable(sources, columns), notesOf(sources, methods, lab.scale.sources)].join('\n'),
      },
      { page: 'evidence', name: 'encoders by language', markdown: languageTable(byLanguage(sources), columns) },
      { page: 'evidence', name: 'shuffled labels', markdown: shuffledTable(shuffled) },
    ],
    plots: {},
  };
}

async function compareOn(lab: Lab, name: string, methods: readonly Method[]): Promise<SourceFigures> {
  const { sources: limits } = lab.scale;
  const rows = await readSource(name, limits, join(lab.options.data, 'qa'));
  const scores: Scores = {};
  const sets = limits.seeds.map((seed) => ({ seed, set: splitSource(rows, seed) }));
  for (const method of methods) {
    for (const { seed, set } of method.sampled || method.isSlow ? sets.slice(0, 1) : sets) {
      for (const [column, score] of Object.entries(await scoresOf(lab, method, set, seed))) {
        scores[column] = [...(scores[column] ?? []), score];
      }
    }
  }
  const valueIds = new Set(rows.labels).size;
  const { train, test } = sets[0]!.set.split;
  return {
    name,
    valueIds,
    answers: rows.records.length,
    voting: train.length,
    tested: test.length,
    chance: 1 / valueIds,
    scores,
  };
}

async function shuffle(lab: Lab, name: string): Promise<ShuffledFigures> {
  const { sources: limits } = lab.scale;
  const rows = await readSource(name, limits, join(lab.options.data, 'qa'));
  const figures: ShuffledFigures = { name, chance: 1 / new Set(rows.labels).size, heldOut: [], fitted: [] };
  for (const seed of limits.seeds) {
    const labels = shuffleWithinGroups(rows.labels, rows.groups, seed);
    const { records, groups, split } = splitSource({ ...rows, labels }, seed);
    const texts = records.map(({ answer }) => answer);
    const settings = [BASES_KEY, texts, labels, groups, [...split.train], SHUFFLED_K];
    const { heldOut, fitted } = await lab.cache.json(`encoders/${name}-${seed}-shuffled`, settings, async () => {
      const fit = { seed, base: await lab.baseWithout(name) };
      const options = { split, k: SHUFFLED_K, sweep: [], bootstrapSamples: 0, fit };
      const { balancedAccuracy } = await evaluateFittedKnn({ texts, labels, groups }, options);
      const rowsOf = (column: readonly string[]): string[] => Array.from(split.train, (row) => column[row]!);
      const own = await accuracyOnFittedAnswers(rowsOf(texts), rowsOf(labels), SHUFFLED_K, fit);
      lab.log(`${name}, labels shuffled, seed ${seed}: ${percent(balancedAccuracy)} %, own answers ${percent(own)} %`);
      return { heldOut: balancedAccuracy, fitted: own };
    });
    figures.heldOut.push(heldOut);
    figures.fitted.push(fitted);
  }
  return figures;
}
