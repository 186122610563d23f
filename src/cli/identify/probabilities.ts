import type { Classification } from '../../identification/classifier/value-classifier.js';
import { formatCount, formatPercent, formatTable, indent } from '../format.js';

const SHOWN = 5;

/**
 * Describes the probabilities of the value ids, and that of none of them.
 *
 * @param scope the value ids that are possible, for example `of this dataset`
 */
export function describeClassification({ unknown, ranking }: Classification, scope: string): string {
  const none = unknown === null ? [] : [['none of these', formatPercent(unknown)]];
  const rows = ranking.slice(0, SHOWN).map(({ valueId, probability }) => [valueId, formatPercent(probability)]);
  const isUnknown = isNoneLikeliest({ unknown, ranking });
  const [first] = rows;
  const headline = isUnknown
    ? `No value id ${scope} fits (none of these: ${formatPercent(unknown!)})`
    : first === undefined
      ? `No value id ${scope} is known to the classifier`
      : `Most probable value id: ${first[0]} (${first[1]})`;
  const table = [['value id', 'probability'], ...(isUnknown ? [...none, ...rows] : [...rows, ...none])];
  const lines = [headline, '', indent(formatTable(table))];
  const others = ranking.slice(SHOWN);
  if (others.length > 0) {
    const share = others.reduce((sum, { probability }) => sum + probability, 0);
    lines.push(`  and ${formatCount(others.length)} more with ${formatPercent(share)} in total`);
  }
  if (unknown === null) lines.push('  none of these: not known, because there are too few value ids or answers');
  return lines.join('\n');
}

function isNoneLikeliest({ unknown, ranking }: Classification): boolean {
  return unknown !== null && ranking.every(({ probability }) => probability <= unknown);
}
