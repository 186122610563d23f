import type { Explanation, Phrase } from '../../identification/classifier/explanation.js';
import type { Classification } from '../../identification/classifier/value-classifier.js';
import type { Evidence, IdentifiedText } from '../../pipeline/collection/collection.js';
import { excerpt, excerptAround, formatCount, formatPercent, formatTable, indent, plural, wrap } from '../format.js';
import { describeClassification } from './probabilities.js';
import { describeWhy } from './why.js';

const RANKING_ROWS = 5;
const SHOWN_TEXTS = 5;
const EVIDENCE_INDENT = ' '.repeat(9);

/** A text with the reasons for its classification, if they were requested. */
export interface ExplainedText {
  text: string;
  why?: Explanation | undefined;
  /** The answer with its phrases marked, for a terminal. */
  marked?: string | undefined;
}

/** One of the nearest answers, and the phrase that speaks most for its value id, if reasons were requested. */
export type ExplainedEvidence = Evidence & { phrase?: Phrase | undefined };

type ReportedText = Omit<IdentifiedText, 'evidence'> & ExplainedText & { evidence: readonly ExplainedEvidence[] };

interface ReportOptions {
  /** The value ids that are possible. */
  scope?: string | undefined;
  /** Characters of each of the nearest answers. @default one line */
  textLength?: number | undefined;
}

/** The value ids that are possible without a filter. */
const ALL_VALUE_IDS = 'of this dataset';

/**
 * Describes the most likely value ids of one text and the answers nearest to it.
 *
 * @param width columns of the terminal
 */
export function describeIdentification(
  { text, marked, classification, why, ranking, neighbours, evidence }: ReportedText,
  width: number,
  { scope = ALL_VALUE_IDS, textLength }: ReportOptions = {},
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
  for (const { distance, valueId, question, answer, phrase } of evidence) {
    const room = width - EVIDENCE_INDENT.length - 3;
    const passage = wrap(excerptAround(answer, phrase, textLength ?? room), room);
    lines.push(
      `  ${distance.toFixed(3)}  ${valueId}`,
      ...(question === '' ? [] : [`${EVIDENCE_INDENT}Q: ${excerpt(question, room)}`]),
      ...passage.map((line, i) => `${EVIDENCE_INDENT}${i === 0 ? 'A:' : '  '} ${line}`),
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
