/** Tables of the comparison of encoders. */
import { splitValueId } from '../../src/core/value-id.js';
import type { SourceLimits } from './configurations.js';
import { mean } from './identify-answers.js';
import type { Method, Recalls, Score } from './methods.js';
import { readRecipe } from './mini-recipe.js';
import { percent, percentWith, table } from './pages.js';
import { GENERAL_SOURCES, SOURCES, VALUE_SOURCES } from './sources.js';

/** Columns of the table by language. */
const LANGUAGE_COLUMNS = ['tfidf10', 'svmCharacters', 'svmNgrams', 'mini10', 'base10', 'fitted10'] as const;

/** Scores by column, one per seed. */
export type Scores = Record<string, Score[]>;

export interface SourceFigures {
  name: string;
  valueIds: number;
  answers: number;
  /** Rows of the first seed. */
  voting: number;
  tested: number;
  chance: number;
  scores: Scores;
}

export interface ShuffledFigures {
  name: string;
  chance: number;
  /** Accuracies on new questions, one per seed. */
  heldOut: number[];
  /** Accuracies on the answers that the encoder was fitted on, one per seed. */
  fitted: number[];
}

function accuracyOf({ scores }: SourceFigures, column: string): number {
  return mean(scores[column]!.map(({ balancedAccuracy }) => balancedAccuracy));
}

export function mainTable(sources: readonly SourceFigures[], columns: Readonly<Record<string, string>>): string {
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
export function notesOf(sources: readonly SourceFigures[], methods: readonly Method[], limits: SourceLimits): string {
  const columns = Object.assign({}, ...methods.map((method) => method.columns)) as Record<string, string>;
  const fitted = better(sources, ['fitted10', 'fitted50']);
  const against = (title: string, peers: readonly string[], own = fitted): string => {
    const peer = better(sources, peers);
    const margins = sources.map(({ scores }) => marginOf(scores[own]!, scores[peer]!));
    const below = sources.filter((_, i) => margins[i]! < 0).map(({ name }) => name);
    return (
      `- ${title}: ${signed(mean(margins))} points in the mean; worse on ` +
      `${below.length} of ${sources.length} sources${below.length > 0 ? ` (${below.join(', ')})` : ''}`
    );
  };
  const seedsOf = ({ columns: own }: Method): string => {
    const counts = sources.map(({ scores }) => scores[Object.keys(own)[0]!]!.length);
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    return least === most ? String(most) : `${least} to ${most}`;
  };
  const svms = (own: string): string[] =>
    'svmWords' in columns
      ? [
          against('the SVM over words', ['svmWords'], own),
          against('the SVM over words and characters', ['svmCharacters'], own),
          against('the SVM over the same n-grams of words', ['svmNgrams'], own),
        ]
      : [];
  const classified = (pick: (score: Score) => number | undefined): string =>
    percent(meanOrNull(sources.flatMap(({ scores }) => scores['classifier']!.flatMap((score) => pick(score) ?? []))));
  const spread = Math.max(...sources.map(({ scores }) => deviation(scores[fitted]!)));
  return [
    `Number of seeds: ${methods.map((method) => `${method.title} ${seedsOf(method)}`).join(', ')}. ` +
      `The largest standard deviation of “${columns[fitted]!}” over its seeds is ${percent(spread)} points.`,
    `univar-mini is slow, so it has at most ${limits.sampled.voting} voting and ${limits.sampled.tested} tested ` +
      'answers. Sources with \\* are in its training data, partly with the questions that are tested here.',
    ...('svmWords' in columns ? [] : ['The columns of SVMs are missing, because scikit-learn was not installed.']),
    '',
    `“${columns[fitted]!}”, the better k of fitted kNN in the mean, compared on equal splits with`,
    '',
    against('TF-IDF kNN with its better k', ['tfidf10', 'tfidf50']),
    ...svms(fitted),
    against('univar-mini with its better k, both on its sample', ['mini10', 'mini50'], 'fittedSampled10'),
    '',
    'The classifier, compared on equal splits with',
    '',
    against('fitted kNN with its better k', ['fitted10', 'fitted50'], 'classifier'),
    ...svms('classifier'),
    '',
    `Its expected calibration error is ${classified((score) => score.calibrationError)} % in the mean. It identifies ` +
      `${classified((score) => score.tenTogether)} % of ten answers together (mean over the sources).`,
  ].join('\n');
}

/** Returns the mean difference over the seeds that both columns have. */
export function marginOf(scores: readonly Score[], peers: readonly Score[]): number {
  const seeds = Math.min(scores.length, peers.length);
  const meanOf = (own: readonly Score[]): number =>
    mean(own.slice(0, seeds).map(({ balancedAccuracy }) => balancedAccuracy));
  return meanOf(scores) - meanOf(peers);
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
  /**
   * Balanced accuracy over the value ids of the language by column, mean of the sources and seeds. Null if a column has
   * no tested answer in the language.
   */
  balancedAccuracy: Record<string, number | null>;
}

/** Splits the scores of sources with several languages by language. */
export function byLanguage(sources: readonly Pick<SourceFigures, 'scores'>[]): LanguageFigures[] {
  const cells = new Map<string, { ids: number; shares: Record<string, number | null> }[]>();
  for (const { scores } of sources) {
    const columns = LANGUAGE_COLUMNS.filter((column) => column in scores);
    const recallsOf = (column: string): Recalls[] => scores[column]!.map(({ recalls }) => recalls);
    const all = [...new Set(recallsOf(columns[0]!).flatMap(Object.keys))];
    const spoken = [...new Set(all.map((id) => splitValueId(id).lang))];
    if (spoken.length < 2) continue;
    for (const language of spoken) {
      const ids = all.filter((id) => splitValueId(id).lang === language);
      const share = (column: string): number | null =>
        meanOrNull(recallsOf(column).flatMap((recalls) => ids.filter((id) => id in recalls).map((id) => recalls[id]!)));
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
        Object.keys(own[0]!.shares).map((column) => [
          column,
          meanOrNull(own.flatMap(({ shares }) => shares[column] ?? [])),
        ]),
      ),
    }));
}

function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values);
}

export function languageTable(
  languages: readonly LanguageFigures[],
  columns: Readonly<Record<string, string>>,
): string {
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

export function shuffledTable(rows: readonly ShuffledFigures[]): string {
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
