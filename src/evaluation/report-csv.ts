/** Writes the tables of a report as CSV. */
import { type Cell, toCsv } from '../core/csv.js';
import type { ConfusionTable } from './classification.js';
import type { ReportEntry } from './report-types.js';

/** One line per entry and label. */
export function perIdCsv(entries: readonly ReportEntry[]): string {
  const lines = entries.flatMap(({ name, result }) =>
    result.perId.map(({ id, train, test, predicted, precision, recall, f1 }) => [
      name,
      id,
      train,
      test,
      predicted,
      precision,
      recall,
      f1,
    ]),
  );
  return toCsv([['evaluation', 'id', 'train', 'test', 'predicted', 'precision', 'recall', 'f1'], ...lines]);
}

/** One line per entry, level (id, lang, model) and pair of labels that occurs. */
export function confusionCsv(entries: readonly ReportEntry[]): string {
  const lines = entries.flatMap(({ name, result }) => [
    ...pairs(name, 'id', result.confusion),
    ...pairs(name, 'lang', result.byLang),
    ...pairs(name, 'model', result.byModel),
  ]);
  return toCsv([['evaluation', 'level', 'actual', 'predicted', 'count'], ...lines]);
}

function pairs(name: string, level: string, table: ConfusionTable | null): Cell[][] {
  if (!table) return [];
  const { labels, counts } = table;
  return labels.flatMap((actual, i) =>
    labels.flatMap((predicted, j) => (counts[i]![j]! > 0 ? [[name, level, actual, predicted, counts[i]![j]!]] : [])),
  );
}
