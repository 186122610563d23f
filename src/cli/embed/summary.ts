import type { EmbedSummary } from '../../pipeline/embed/summary.js';
import { describeEncoder } from '../encoder-options.js';
import { formatBytes, formatCount, formatDuration, formatPercent, formatRate, plural } from '../format.js';

/** Describes the summary for people. */
export function describeSummary(summary: EmbedSummary): string {
  const {
    rows,
    models,
    valueIds,
    rejected,
    skippedFiles,
    duplicates,
    tokens,
    seconds,
    addedRows,
    resumedRows,
    embeddedTexts,
    cpuBusy,
    encoderBusy,
  } = summary;
  const dataset = `${plural(rows, 'answer')} of ${plural(models, 'model')} (${plural(valueIds, 'value id')})`;
  if (addedRows === 0)
    return `Nothing to do: the dataset already has these inputs.\nDataset: ${summary.dataset}, ${dataset}`;
  const encoder = describeEncoder({ ...summary, name: summary.encoder });
  const rates = `${formatRate(summary.answersPerSecond)} answers/s, ${formatCount(summary.tokensPerSecond)} tokens/s`;
  const usage = [
    ...(cpuBusy === undefined ? [] : [`CPU ${formatPercent(Math.min(1, cpuBusy))} busy`]),
    // A lower bound, which says nothing about encoders that are faster than everything else.
    ...(encoderBusy === undefined || encoderBusy < 0.01
      ? []
      : [`encoder ${formatPercent(Math.min(1, encoderBusy))} busy`]),
    `peak memory ${formatBytes(summary.peakMemoryBytes)}`,
  ].join(', ');
  const lines = [
    `Embedded ${addedRows < rows ? `${plural(addedRows, 'more answer')}, now ` : ''}${dataset} with ${encoder}, ` +
      `${summary.dim} dimensions.`,
    `${plural(tokens, 'token')} in ${formatDuration(seconds)}: ${rates}; ${usage}.`,
  ];
  if (resumedRows > 0) lines.push(`${formatCount(resumedRows)} of the answers are from an interrupted run.`);
  const copied = addedRows - resumedRows - embeddedTexts;
  if (copied > 0) lines.push(`${plural(copied, 'answer')} with the text of an earlier answer; not embedded again.`);
  if (duplicates > 0) lines.push(`${plural(duplicates, 'row')} identical to an earlier row; kept.`);
  for (const { file, reason } of skippedFiles) lines.push(`Skipped ${file}: ${reason}.`);
  const badRows = rejected - skippedFiles.length;
  if (badRows > 0) lines.push(`${plural(badRows, 'bad row')} skipped; see ${summary.rejects ?? ''}.`);
  lines.push(`Dataset: ${summary.dataset}`);
  return lines.join('\n');
}
