/**
 * The main table: balanced accuracy of fitted encoders, of encoders that are not fitted, and of methods that need no
 * encoder, on sources in all their languages. Checks that a fit learns nothing about new answers from shuffled labels.
 */
import { join } from 'node:path';

import { splitValueId } from '../../../src/core/value-id.js';
import { evaluateFittedKnn } from '../../../src/evaluation/fitted-knn.js';
import { readRecipe } from '../default-recipe.js';
import { accuracyOnFittedAnswers, shuffleWithinGroups } from '../fitted.js';
import { mean } from '../identify-answers.js';
import type { Lab } from '../lab.js';
import { availableMethods, type Method, type Recalls, type Score, scoresOf } from '../methods.js';
import { percent, percentWith, table } from '../pages.js';
import { GENERAL_SOURCES, readSource, SOURCES, splitSource, VALUE_SOURCES } from '../sources.js';
import type { Outcome } from './part.js';

/** Sources of the check with shuffled labels. */
const SHUFFLED = ['redteam_safety', 'government_criticism', 'lima_control'] as const;
const SHUFFLED_K = 10;

/** Columns of the table by language. */
const LANGUAGE_COLUMNS = ['tfidf10', 'svmCharacters', 'fitted10'] as const;

/** Scores by column, one per seed. */
type Scores = Record<string, Score[]>;

interface SourceFigures {
  name: string;
  valueIds: number;
  answers: number;
  /** Rows of the first seed. */
  voting: number;
  tested: number;
  chance: number;
  scores: Scores;
}

interface ShuffledFigures {
  name: string;
  chance: number;
  /** Accuracies on new questions, one per seed. */
  heldOut: number[];
  /** Accuracies on the answers that the encoder was fitted on, one per seed. */
  fitted: number[];
}

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
      })),
      languages: byLanguage(sources),
      shuffled,
    },
    sections: [
      {
        page: 'evidence',
        name: 'encoders',
        markdown: [mainTable(sources, columns), notesOf(lab, sources, columns)].join('\n'),
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
  for (const { seed, set } of sets) {
    for (const method of methods) {
      if (method.slow && seed !== limits.seeds[0]) continue;
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
    const settings = [texts, labels, groups, [...split.train], SHUFFLED_K];
    const { heldOut, fitted } = await lab.cache.json(`encoders/${name}-${seed}-shuffled`, settings, async () => {
      const options = { split, k: SHUFFLED_K, sweep: [], bootstrapSamples: 0, fit: { seed } };
      const { balancedAccuracy } = await evaluateFittedKnn({ texts, labels, groups }, options);
      const rowsOf = (column: readonly string[]): string[] => Array.from(split.train, (row) => column[row]!);
      const own = await accuracyOnFittedAnswers(rowsOf(texts), rowsOf(labels), SHUFFLED_K, seed);
      lab.log(`${name}, labels shuffled, seed ${seed}: ${percent(balancedAccuracy)} %, own answers ${percent(own)} %`);
      return { heldOut: balancedAccuracy, fitted: own };
    });
    figures.heldOut.push(heldOut);
    figures.fitted.push(fitted);
  }
  return figures;
}

function accuracyOf({ scores }: SourceFigures, column: string): number {
  return mean(scores[column]!.map(({ balancedAccuracy }) => balancedAccuracy));
}

function mainTable(sources: readonly SourceFigures[], columns: Readonly<Record<string, string>>): string {
  const names = Object.keys(columns);
  const trainedOn = new Set(readRecipe().recipe.data.map(({ set }) => set));
  const meanRow = (title: string, among: readonly string[]): string[] => {
    const chosen = sources.filter(({ name }) => among.includes(name));
    return [
      title,
      '',
      '',
      percent(mean(chosen.map(({ chance }) => chance))),
      ...names.map((column) => percent(mean(chosen.map((source) => accuracyOf(source, column))))),
    ];
  };
  return table(
    ['source', 'ids', 'answers', 'chance', ...names.map((column) => columns[column]!)],
    [
      ...sources.map((source) => [
        source.name,
        String(source.valueIds),
        String(source.answers),
        percent(source.chance),
        ...names.map(
          (column) =>
            percent(accuracyOf(source, column)) +
            (column.startsWith('mini') && trainedOn.has(source.name) ? ' \\*' : ''),
        ),
      ]),
      meanRow(`mean of the ${VALUE_SOURCES.length} value sources`, VALUE_SOURCES),
      meanRow(`mean of the ${GENERAL_SOURCES.length} general sources`, GENERAL_SOURCES),
      meanRow('mean of all', SOURCES),
    ],
  );
}

/** Returns the sentences below the table that depend on the figures. */
function notesOf(lab: Lab, sources: readonly SourceFigures[], columns: Readonly<Record<string, string>>): string {
  const { seeds, slow } = lab.scale.sources;
  const fitted = better(sources, ['fitted10', 'fitted50']);
  const against = (title: string, peers: readonly string[]): string => {
    const peer = better(sources, peers);
    const margins = sources.map((source) => accuracyOf(source, fitted) - accuracyOf(source, peer));
    const below = sources.filter((_, i) => margins[i]! < 0).map(({ name }) => name);
    return (
      `Against ${title}: ${signed(mean(margins))} points in the mean, below it on ` +
      `${below.length} of ${sources.length} sources${below.length > 0 ? ` (${below.join(', ')})` : ''}.`
    );
  };
  const spread = Math.max(...sources.map(({ scores }) => deviation(scores[fitted]!)));
  return [
    `Mean of ${seeds.length} seeds. The largest standard deviation of “${columns[fitted]!}” over the seeds is ` +
      `${percent(spread)} points.`,
    `The columns of univar-mini have one seed, at most ${slow.voting} voting and ${slow.tested} tested answers.`,
    'Sources with \\* are in its training data, partly with the questions that are tested here.',
    ...('svmWords' in columns ? [] : ['The columns of LinearSVC are missing: scikit-learn is not installed.']),
    '',
    `Differences of “${columns[fitted]!}”, the better k of fitted kNN in the mean:`,
    '',
    `- ${against('TF-IDF kNN with the better k', ['tfidf10', 'tfidf50'])}`,
    ...('svmWords' in columns
      ? [
          `- ${against('LinearSVC over words', ['svmWords'])}`,
          `- ${against('LinearSVC over words and characters', ['svmCharacters'])}`,
          `- ${against('LinearSVC over the same n-grams', ['svmNgrams'])}`,
        ]
      : []),
    `- ${against('univar-mini with the better k', ['mini10', 'mini50'])}`,
  ].join('\n');
}

/** Returns the column with the highest mean. */
function better(sources: readonly SourceFigures[], columns: readonly string[]): string {
  const meanOf = (column: string): number => mean(sources.map((source) => accuracyOf(source, column)));
  return columns.reduce((best, column) => (meanOf(column) > meanOf(best) ? column : best));
}

function signed(share: number): string {
  return `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;
}

function deviation(scores: readonly Score[]): number {
  const shares = scores.map(({ balancedAccuracy }) => balancedAccuracy);
  const centre = mean(shares);
  return Math.sqrt(shares.reduce((sum, share) => sum + (share - centre) ** 2, 0) / Math.max(1, shares.length - 1));
}

export interface LanguageFigures {
  language: string;
  sources: number;
  valueIds: number;
  /** Balanced accuracy over the value ids of the language by column, mean of the sources and seeds. */
  balancedAccuracy: Record<string, number>;
}

/** Splits the scores of sources with several languages by language. */
export function byLanguage(sources: readonly Pick<SourceFigures, 'scores'>[]): LanguageFigures[] {
  const cells = new Map<string, { ids: number; shares: Record<string, number> }[]>();
  for (const { scores } of sources) {
    const columns = LANGUAGE_COLUMNS.filter((column) => column in scores);
    const recallsOf = (column: string): Recalls[] => scores[column]!.map(({ recalls }) => recalls);
    const all = [...new Set(recallsOf(columns[0]!).flatMap(Object.keys))];
    const spoken = [...new Set(all.map((id) => splitValueId(id).lang))];
    if (spoken.length < 2) continue;
    for (const language of spoken) {
      const ids = all.filter((id) => splitValueId(id).lang === language);
      const share = (column: string): number =>
        mean(recallsOf(column).flatMap((recalls) => ids.filter((id) => id in recalls).map((id) => recalls[id]!)));
      const cell = { ids: ids.length, shares: Object.fromEntries(columns.map((column) => [column, share(column)])) };
      cells.set(language, [...(cells.get(language) ?? []), cell]);
    }
  }
  return [...cells]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([language, own]) => ({
      language,
      sources: own.length,
      valueIds: own.reduce((sum, { ids }) => sum + ids, 0),
      balancedAccuracy: Object.fromEntries(
        Object.keys(own[0]!.shares).map((column) => [column, mean(own.map(({ shares }) => shares[column]!))]),
      ),
    }));
}

function languageTable(languages: readonly LanguageFigures[], columns: Readonly<Record<string, string>>): string {
  const names = Object.keys(languages[0]?.balancedAccuracy ?? {});
  return table(
    ['language', 'sources', 'ids', ...names.map((column) => columns[column]!)],
    languages.map(({ language, sources, valueIds, balancedAccuracy }) => [
      language,
      String(sources),
      String(valueIds),
      ...names.map((column) => percent(balancedAccuracy[column])),
    ]),
  );
}

function shuffledTable(rows: readonly ShuffledFigures[]): string {
  return table(
    ['source', 'chance', 'new questions', 'own training answers'],
    rows.map(({ name, chance, heldOut, fitted }) => [
      name,
      percent(chance),
      ...[heldOut, fitted].map((shares) => percentWith(mean(shares), halfRange(shares))),
    ]),
  );
}

/** Returns half the range of the seeds. */
function halfRange(shares: readonly number[]): number {
  return (Math.max(...shares) - Math.min(...shares)) / 2;
}
