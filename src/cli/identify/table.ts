import { type Cell, toCsv } from '../../core/csv.js';
import { answerPart, type EmbeddableText } from '../../core/question-answer.js';
import type { Classification } from '../../identification/classifier/value-classifier.js';
import type { RankedValueId } from '../../identification/rank-neighbours.js';
import type { QaRecord } from '../../records/record.js';
import { excerpt, formatPercent, formatTable } from '../format.js';

const NONE = 'none of these';
const LEAST_TEXT_WIDTH = 20;

/** One text with what was found about it. */
export interface IdentifiedRow {
  text: EmbeddableText;
  /** The row of the file that the text is from. */
  record?: QaRecord | undefined;
  classification?: Classification | undefined;
  ranking: readonly RankedValueId[];
}

/** Formats one line per text: its most likely value id, and the beginning of the answer. */
export function identificationTable(rows: readonly IdentifiedRow[], width: number): string {
  const known = rows.some(({ record }) => record !== undefined && valueIdOf(record) !== '');
  const measure = rows.some(({ classification }) => classification) ? 'probability' : 'share of votes';
  const left = rows.map((row, i) => {
    const { valueId, likelihood } = mostLikely(row);
    const given = known ? [row.record ? valueIdOf(row.record) || '-' : '-'] : [];
    return [String(i + 1), valueId, likelihood === null ? '-' : formatPercent(likelihood), ...given];
  });
  const lines = formatTable([['row', 'value id', measure, ...(known ? ['in the file'] : []), ''], ...left]).split('\n');
  const used = Math.max(...lines.map(({ length }) => length));
  const texts = ['answer', ...rows.map(({ text }) => answerPart(text))];
  const room = Math.max(LEAST_TEXT_WIDTH, width - used - 2);
  return lines.map((line, i) => `${line.padEnd(used)}  ${excerpt(texts[i]!, room)}`).join('\n');
}

/** Formats one line per text as CSV, with the most likely value id and the complete text. */
export function identificationCsv(rows: readonly IdentifiedRow[]): string {
  const heading = [
    ...['row', 'qid', 'question', 'answer', 'model', 'lang'],
    ...['identified', 'probability', 'unknown', 'nearest', 'share', 'meanDistance'],
  ];
  const lines = rows.map((row, i): Cell[] => {
    const { text, record, classification, ranking } = row;
    const [nearest] = ranking;
    const { valueId, likelihood } = mostLikely(row);
    return [
      ...[i + 1, record?.qid ?? null, typeof text === 'string' ? null : text.question, answerPart(text)],
      ...[record?.model ?? null, record?.lang ?? null],
      ...[valueId, classification ? likelihood : null, classification?.unknown ?? null],
      ...[nearest?.valueId ?? null, nearest?.share ?? null, nearest?.meanDistance ?? null],
    ];
  });
  return toCsv([heading, ...lines]).trimEnd();
}

/** The most probable value id, or that with most votes if there are no probabilities. */
function mostLikely({ classification, ranking }: IdentifiedRow): { valueId: string; likelihood: number | null } {
  if (!classification) return { valueId: ranking[0]?.valueId ?? '', likelihood: ranking[0]?.share ?? null };
  const [first] = classification.ranking;
  const { unknown } = classification;
  if (unknown !== null && unknown >= (first?.probability ?? 0)) return { valueId: NONE, likelihood: unknown };
  return { valueId: first?.valueId ?? '', likelihood: first?.probability ?? null };
}

/** Returns what a row says about its author: the value id, or the model or language alone. */
function valueIdOf({ model, lang }: QaRecord): string {
  return [model, lang].filter((part) => part !== '').join('$');
}
