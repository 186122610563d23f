/** Sections of a report on the probabilities of classifiers. */
import { markdownTable } from '../markdown-table.js';
import type { ReportEntry } from '../report-types.js';
import type { ClassifierResult } from './evaluate-classifier.js';

const percent = (share: number | undefined): string => (share === undefined ? '-' : `${(100 * share).toFixed(1)} %`);

/** @param picture returns the Markdown of a plot of the report */
export function classifierSections(
  entries: readonly ReportEntry[],
  picture: (name: string, caption: string) => string[],
): string[] {
  const classifiers = entries.flatMap(({ name, result }) => ('calibration' in result ? [{ name, result }] : []));
  if (classifiers.length === 0) return [];
  const coverages = classifiers[0]!.result.coverage.map(({ coverage }) => coverage);
  const sizes = [...new Set(classifiers.flatMap(({ result }) => result.together.map(({ answers }) => answers)))];
  return [
    '## Probabilities',
    markdownTable(
      ['evaluation', 'expected calibration error'],
      classifiers.map(({ name, result }) => [name, percent(result.calibration.error)]),
    ),
    ...picture('reliability.svg', 'Accuracy by probability'),
    ...unknownSection(classifiers),
    '## Accuracy if only the most probable are identified',
    markdownTable(
      ['evaluation', ...coverages.map((coverage) => `${Math.round(100 * coverage)} %`)],
      classifiers.map(({ name, result }) => [name, ...result.coverage.map(({ accuracy }) => percent(accuracy))]),
    ),
    ...picture('coverage.svg', 'Accuracy by coverage'),
    '## Balanced accuracy of several answers together',
    markdownTable(
      ['evaluation', ...sizes.map((answers) => `${answers} answer${answers === 1 ? '' : 's'}`)],
      classifiers.map(({ name, result }) => [
        name,
        ...sizes.map((size) => percent(result.together.find(({ answers }) => answers === size)?.balancedAccuracy)),
      ]),
    ),
    ...picture('together.svg', 'Balanced accuracy by number of answers'),
  ];
}

/** Tabulates the areas under the ROC curve of the classifiers that were tested with unknown authors. */
function unknownSection(classifiers: readonly { name: string; result: ClassifierResult }[]): string[] {
  const lines = classifiers.flatMap(({ name, result: { unknown } }) =>
    unknown ? [[name, unknown.one.toFixed(3), unknown.ten?.toFixed(3) ?? '-']] : [],
  );
  if (lines.length === 0) return [];
  return [
    '## Authors that the classifier does not know',
    markdownTable(['evaluation', 'ROC area, one answer', 'ROC area, ten answers together'], lines),
    'Area under the ROC curve of the probability that none of the labels is the author. A quarter of the labels is ' +
      'left out of training in turn. 0.5 is chance, 1 is perfect.',
  ];
}
