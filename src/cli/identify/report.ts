import type { Explanation } from '../../identification/classifier/explain.js';
import type { Classification } from '../../identification/classifier/value-classifier.js';
import type { IdentifiedText } from '../../pipeline/collection/collection.js';
import { excerpt, formatCount, formatPercent, formatTable, indent, plural } from '../format.js';
import { describeClassification } from './probabilities.js';
import { describeWhy } from './why.js';

const RANKING_ROWS = 5;
const SHOWN_TEXTS = 5;

/** A text with the reasons for its classification, if they were requested. */
export interface ExplainedText {
  text: string;
  why?: Explanation | undefined;
  /** The answer with its phrases marked, for a terminal. */
  marked?: string | undefined;
}

/** The value ids that are possible without a filter. */
const ALL_VALUE_IDS = 'of this dataset';

/**
 * Describes the most likely value ids of one text and the answers nearest to it.
 *
 * @param width columns of the terminal
 * @param scope the value ids that are possible
 */
export function describeIdentification(
  { text, marked, classification, why, ranking, neighbours, evidence }: IdentifiedText & ExplainedText,
  width: number,
  scope = ALL_VALUE_IDS,
): string {
  const lines = [marked ?? excerpt(text, width), ''];
  if (classification) lines.push(describeClassification(classification, scope), '');
  if (why) lines.push(describeWhy(why, width), '');
  if (classification) lines.push('  votes of the nearest answers');
  const rows = ranking
    .slice(0, RANKING_ROWS)
    .map((entry) => [entry.valueId, String(entry.votes), formatPercent(entry.share), entry.meanDistance.toFixed(3)]);
  lines.push(indent(formatTable([['value id', 'votes', 'share', 'mean distance'], ...rows])));
  const others = ranking.length - RANKING_ROWS;
  if (others > 0) lines.push(`  and ${others} more; ${neighbours.length} answers voted`);
  if (evidence.length > 0) lines.push('', '  nearest answers');
  for (const { distance, valueId, question, answer } of evidence) {
    lines.push(
      `  ${distance.toFixed(3)}  ${valueId}`,
      `         Q: ${excerpt(question, width - 12)}`,
      `         A: ${excerpt(answer, width - 12)}`,
    );
  }
  return lines.join('\n');
}

/** Describes the most likely value ids of several texts of one author, see {@link describeIdentification}. */
export function describeTogether(
  texts: readonly ExplainedText[],
  classification: Classification,
  width: number,
  scope = ALL_VALUE_IDS,
): string {
  const lines = [
    `${plural(texts.length, 'text')} of one author`,
    ...texts.slice(0, SHOWN_TEXTS).map(({ text }) => `  ${excerpt(text, width - 2)}`),
  ];
  if (texts.length > SHOWN_TEXTS) lines.push(`  and ${formatCount(texts.length - SHOWN_TEXTS)} more`);
  lines.push('', describeClassification(classification, scope));
  for (const { text, marked, why } of texts)
    if (why) lines.push('', marked ?? excerpt(text, width), '', describeWhy(why, width));
  return lines.join('\n');
}
