import type { EmbedSummary } from '../../pipeline/embed/summary.js';
import { describeEncoder } from '../encoder-options.js';
import { formatBytes, formatCount, formatDuration, formatPercent, formatRate, plural } from '../format.js';

/** The summary for people. */
export function describeSummary(summary: EmbedSummary): string {
  const {
    rows,
    models,
    valueIds,
    rejected,
    duplicates,
    tokens,
    seconds,
    addedRows,
    resumedRows,
    embeddedTexts,
    cpuBusy,
    encoderBusy,
  } = summary;
  const dataset = `${formatCount(rows)} answers of ${plural(models, 'model')} (${plural(valueIds, 'value id')})`;
  if (addedRows === 0)
    return `Nothing to do: the dataset has all of these inputs already.\nDataset: ${summary.dataset}, ${dataset}`;
  const lines = [
    `Embedded ${addedRows < rows ? `${plural(addedRows, 'more answer')}, now ` : ''}${dataset} with ${describeEncoder({ ...summary, name: summary.encoder })}, ${summary.dim} dimensions.`,
    `${formatCount(tokens)} tokens in ${formatDuration(seconds)}: ${formatRate(summary.answersPerSecond)} answers/s, ${formatCount(summary.tokensPerSecond)} tokens/s` +
      `${cpuBusy === undefined ? '' : `; CPU ${formatPercent(Math.min(1, cpuBusy))} busy`}${encoderBusy === undefined ? '' : `, the encoder ${formatPercent(Math.min(1, encoderBusy))} of the time`}, ${formatBytes(summary.peakMemoryBytes)} of memory at most.`,
  ];
  if (resumedRows > 0) lines.push(`${formatCount(resumedRows)} of the answers were there from an interrupted run.`);
  const copied = addedRows - resumedRows - embeddedTexts;
  if (copied > 0) lines.push(`${plural(copied, 'answer')} with a text that an earlier one has, embedded once.`);
  if (duplicates > 0) lines.push(`${plural(duplicates, 'row')} equal to an earlier one; kept.`);
  if (rejected > 0) lines.push(`${plural(rejected, 'bad row')} left out; see ${summary.rejects ?? ''}.`);
  lines.push(`Dataset: ${summary.dataset}`);
  return lines.join('\n');
}
