/** Sections of a report on the probabilities of classifiers. */
import { markdownTable } from '../markdown-table.js';
import type { ReportEntry } from '../report-types.js';

const percent = (share: number | undefined): string => (share === undefined ? '-' : `${(100 * share).toFixed(1)} %`);
const area = (share: number | null | undefined): string => (typeof share === 'number' ? share.toFixed(3) : '-');

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
      ['evaluation', 'expected calibration error', 'unknown authors, one answer', 'unknown authors, ten answers'],
      classifiers.map(({ name, result }) => [
        name,
        percent(result.calibration.error),
        area(result.unknown?.one),
        area(result.unknown?.ten),
      ]),
    ),
    'Unknown authors: area under the ROC curve of the probability that none of the labels is the author, for labels ' +
      'that are left out of training in turn. 0.5 is chance, 1 is perfect.',
    ...picture('reliability.svg', 'Accuracy by probability'),
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
