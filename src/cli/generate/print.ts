/** Plans and summaries of generation for people. */
import type { GenerateSummary } from '../../generation/generate.js';
import type { Plan } from '../../generation/plan.js';
import type { Project } from '../../generation/project.js';
import { formatCount, formatTable, plural } from '../format.js';

export function describePlan(
  project: Project,
  { calls, records, total, valueIds, seenValueIds }: Plan,
  isMeasured: boolean,
): string {
  const rows = calls.map((entry) => [entry.stage, entry.model, ...figures(entry)]);
  const limits = Object.entries(project.budget).flatMap(([name, limit]) =>
    limit === undefined ? [] : [`${formatCount(limit)} ${name === 'usd' ? 'USD' : name}`],
  );
  return [
    `${plural(project.values.length, 'value')}, ${plural(project.models.length, 'model')}, ` +
      `${plural(project.languages.length, 'language')}: ${plural(valueIds, 'value id')}` +
      `${seenValueIds > 0 ? `, ${seenValueIds} of them seen in training` : ''}.`,
    `At most ${plural(records.filter, 'question')} in ${plural(records.paraphrases, 'wording')}, ` +
      `${plural(records.answers, 'answer')}.`,
    '',
    formatTable([
      ['stage', 'model', 'calls', 'prompt tokens', 'answer tokens', 'USD'],
      ...rows,
      ['all', '', ...figures(total)],
    ]),
    '',
    (isMeasured ? 'For stages that an earlier run completed, the numbers of records are from that run. ' : '') +
      `Tokens are estimates.${limits.length > 0 ? ` Budget: ${limits.join(', ')}.` : ''}`,
  ].join('\n');
}

export function describeSummary(
  project: Project,
  { stages, newCalls, retries, spent, spentBy, qa, out }: GenerateSummary,
  reports: readonly string[],
): string {
  const last = stages.at(-1)!;
  const rows = spentBy.map(({ stage, model, spending }) => [stage, model, ...figures(spending)]);
  return [
    ...(rows.length > 0
      ? [formatTable([['stage', 'model', 'calls', 'prompt tokens', 'answer tokens', 'USD'], ...rows]), '']
      : []),
    `${plural(newCalls, 'new call')}, ${plural(retries, 'repeated attempt')}; ` +
      `all runs together: ${plural(spent.calls, 'call')}, ${spent.usd.toFixed(2)} USD.`,
    qa === undefined
      ? `Stopped after the stage ${last.stage}: ${plural(last.output.records, 'record')} in ${out}`
      : `${plural(last.output.records, 'record')} of ${plural(project.models.length, 'model')}: ${qa}`,
    ...(reports.length > 0 ? [`Reports: ${reports.join(', ')}`] : []),
  ].join('\n');
}

function figures({
  calls,
  promptTokens,
  completionTokens,
  usd,
}: {
  calls: number;
  promptTokens: number;
  completionTokens: number;
  usd: number;
}): string[] {
  return [formatCount(calls), formatCount(promptTokens), formatCount(completionTokens), usd.toFixed(2)];
}
