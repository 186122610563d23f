/** The report of a check as Markdown, for a step summary or a comment. */
import type { CheckReport } from '../check.js';
import { signedPercent } from '../format.js';
import { describeFailures, describeName, type FailureCall } from './text.js';

/** Begins with a line about the outcome. Failures are at the top, all benchmarks in a table that can be opened. */
export function markdown(report: CheckReport, call: FailureCall): string {
  const { base, entries, failed, seconds, passed } = report;
  if (base.kind === 'none') return `**Performance: nothing to compare with.** ${base.why}\n`;
  if (base.kind === 'broken')
    return `**Performance: the base \`${base.commit.slice(0, 10)}\` does not build.**\n\n\`\`\`\n${base.why}\n\`\`\`\n`;
  const undecided = entries.filter(({ status }) => status === 'undecided').length;
  const outcome = passed ? 'no benchmark became slower' : `${failed.length} of ${entries.length} failed`;
  const rows = entries.map((entry) => {
    const { instructions, change, status, reason } = entry;
    const counted = instructions.kind === 'counted' ? signedPercent(instructions.growth, 2) : '';
    const time = change ? `${signedPercent(change.low)} to ${signedPercent(change.high)}` : '';
    const verdict = reason === '' ? status : `${status}; ${reason}`;
    return `| ${[describeName(entry), counted, time, verdict].map(escape).join(' | ')} |`;
  });
  return [
    `**Performance: ${outcome}**${undecided > 0 ? `, ${undecided} undecided` : ''}. Compared with ` +
      `\`${base.commit.slice(0, 10)}\` (${base.why}) in ${Math.round(seconds)} s.`,
    ...(failed.length > 0 ? ['', '```', describeFailures(failed, { ...call, base: base.commit }), '```'] : []),
    '',
    '<details><summary>All benchmarks</summary>',
    '',
    '| Benchmark | Instructions | Time, 99 % interval | Verdict |',
    '|---|---:|---:|---|',
    ...rows,
    '',
    '</details>',
    '',
  ].join('\n');
}

function escape(cell: string): string {
  return cell.replace(/[|\\<>]/g, (character) => `\\${character}`).replace(/\s*\n\s*/g, ' ');
}
