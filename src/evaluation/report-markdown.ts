import type { ClassificationResult, IdFigures, MergedTable } from './classification.js';
import { classifierSections } from './classifier/markdown.js';
import { escapeMarkdown, markdownTable } from './markdown-table.js';
import type { Report, ReportEntry } from './report-types.js';

const percent = (share: number | null): string => (share === null ? '-' : `${(100 * share).toFixed(1)} %`);

/** File name of a training curve in the folder of a report. */
export function trainingPlot(file: string): string {
  return `training-${file}`;
}

/** @param plots names of the SVG files beside the report */
export function reportMarkdown(
  { title, description, entries, training = [] }: Report,
  plots: readonly string[],
): string {
  const picture = (name: string, caption: string): string[] => (plots.includes(name) ? [`![${caption}](${name})`] : []);
  const sections = [
    `# ${escapeMarkdown(title)}`,
    ...(description === undefined ? [] : [description]),
    ...overview(entries),
    ...picture('accuracy.svg', 'Accuracy with 95 % intervals'),
    ...classifierSections(entries, picture),
    ...sweep(entries),
    ...picture('k-sweep.svg', 'Balanced accuracy by k'),
    ...topAccuracies(entries),
    ...merged(entries),
    ...entries.flatMap(({ name, result }, i) => [
      `## ${escapeMarkdown(name)}`,
      ...notes(result),
      perIdTable(result.perId),
      ...picture(`confusion-${i + 1}.svg`, 'Confusion by label'),
      ...picture(`confusion-${i + 1}-lang.svg`, 'Confusion by language'),
      ...picture(`confusion-${i + 1}-model.svg`, 'Confusion by model'),
    ]),
    '## Recall of each label',
    ...picture('per-id.svg', 'Recall of each label'),
    ...(training.length > 0 ? ['## How the encoder was trained'] : []),
    ...training.flatMap(({ file, caption }) => picture(trainingPlot(file), caption)),
    'All figures: `report.json`; the tables: `per-id.csv`, `confusion.csv`.',
  ];
  return `${sections.join('\n\n')}\n`;
}

function overview(entries: readonly ReportEntry[]): string[] {
  const { split, seed, train, test, testGroups, perId } = entries[0]!.result;
  const how = {
    question: 'split by question: all answers to a question are on the same side',
    row: 'split by answer: the training part can have other answers to the same questions',
    given: 'split chosen by the caller',
  }[split];
  return [
    `${perId.length} labels, ${train} training answers, ${test} tested answers to ${testGroups} questions or themes; ` +
      `${how}; seed ${seed}.`,
    markdownTable(
      [
        'evaluation',
        'accuracy',
        '95 % interval',
        'balanced accuracy',
        '95 % interval',
        'weighted F1',
        'chance',
        'majority',
      ],
      entries.map(({ name, result }) => [
        name,
        percent(result.accuracy),
        interval(result.intervals?.accuracy),
        percent(result.balancedAccuracy),
        interval(result.intervals?.balancedAccuracy),
        percent(result.weightedF1),
        percent(result.chance),
        percent(result.majority),
      ]),
    ),
    'Intervals are bootstrapped over questions. Chance is 1 / number of labels. ' +
      'Majority always predicts the most common training label.',
  ];
}

function interval(range: { low: number; high: number } | undefined): string {
  return range === undefined ? '-' : `${(100 * range.low).toFixed(1)} - ${percent(range.high)}`;
}

/** Tabulates balanced accuracy by k. */
function sweep(entries: readonly ReportEntry[]): string[] {
  const swept = entries.flatMap(({ name, result }) => ('sweep' in result ? [{ name, points: result.sweep }] : []));
  if (swept.length === 0) return [];
  const ks = [...new Set(swept.flatMap(({ points }) => points.map(({ k }) => k)))].sort((a, b) => a - b);
  return [
    '## Balanced accuracy by number of neighbours',
    markdownTable(
      ['evaluation', ...ks.map((k) => `k = ${k}`)],
      swept.map(({ name, points }) => [
        name,
        ...ks.map((k) => percent(points.find((point) => point.k === k)?.balancedAccuracy ?? null)),
      ]),
    ),
  ];
}

/** Tabulates the top-k accuracy of the probes. */
function topAccuracies(entries: readonly ReportEntry[]): string[] {
  const probes = entries.flatMap(({ name, result }) => ('accuracyAt' in result ? [{ name, result }] : []));
  if (probes.length === 0) return [];
  const most = Math.max(...probes.map(({ result }) => result.perId.length));
  const ks = ([1, 3, 5, 10] as const).filter((k) => k < most);
  return [
    '## Linear probe: label among the k highest',
    markdownTable(
      ['evaluation', ...ks.map((k) => `acc@${k}`)],
      probes.map(({ name, result }) => [
        name,
        ...ks.map((k) => (k < result.perId.length ? percent(result.accuracyAt[k]) : '-')),
      ]),
    ),
  ];
}

/** Tabulates the accuracy with value ids merged into languages and models. */
function merged(entries: readonly ReportEntry[]): string[] {
  const line = (name: string, what: string, part: MergedTable | null): string[][] =>
    part ? [[name, what, percent(part.accuracy), percent(part.balancedAccuracy), percent(part.chance)]] : [];
  const lines = entries.flatMap(({ name, result }) => [
    ...line(name, 'language', result.byLang),
    ...line(name, 'model', result.byModel),
  ]);
  if (lines.length === 0) return [];
  return [
    '## Accuracy of language and model alone',
    markdownTable(['evaluation', 'part', 'accuracy', 'balanced accuracy', 'chance'], lines),
  ];
}

function notes({ idsWithoutTest, idsLeftOut }: ClassificationResult): string[] {
  const list = (ids: readonly string[]): string => ids.map((id) => `\`${id}\``).join(', ');
  return [
    ...(idsWithoutTest.length > 0
      ? [`Without tested answers, and therefore not in the balanced accuracy:  ${list(idsWithoutTest)}.`]
      : []),
    ...(idsLeftOut.length > 0 ? [`Left out because they have too few answers:  ${list(idsLeftOut)}.`] : []),
  ];
}

function perIdTable(perId: readonly IdFigures[]): string {
  return markdownTable(
    ['label', 'training', 'tested', 'recall', 'precision', 'F1'],
    perId.map(({ id, train, test, recall, precision, f1 }) => [
      id,
      String(train),
      String(test),
      percent(recall),
      percent(precision),
      percent(f1),
    ]),
  );
}
