import type { IdentifiedText } from '../../pipeline/collection/collection.js';
import { excerpt, formatPercent, formatTable, indent } from '../format.js';

const RANKING_ROWS = 5;

/** Describes the most likely value ids of one text and the answers nearest to it. */
export function describeIdentification({ text, ranking, neighbours, evidence }: IdentifiedText, width: number): string {
  const lines = [excerpt(text, width), ''];
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
