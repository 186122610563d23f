import type { Dataset } from '../../datasets/dataset.js';
import type { EncoderBackend, EncoderPrecision } from '../../encoder/encoder.js';
import { describeEncoder } from '../encoder-options.js';
import { formatBytes, formatCount, formatDuration, formatPercent, formatRate, plural } from '../format.js';
import type { ScanResult } from './scan.js';

/** What `univar embed --json` prints. */
export interface EmbedSummary extends ScanResult {
  dataset: string;
  encoder: string;
  /** Where it computed, and how. */
  backend: EncoderBackend;
  precision: EncoderPrecision;
  dim: number;
  /** Rows that the inputs of this command added to the dataset: all of a new one. */
  addedRows: number;
  /** Rows of these that an earlier, interrupted run had written. */
  resumedRows: number;
  /** Texts that this run encoded: a text that many rows have is encoded once. */
  embeddedTexts: number;
  /** Tokens and seconds of this run, without reading ahead and loading the encoder. */
  tokens: number;
  seconds: number;
  answersPerSecond: number;
  tokensPerSecond: number;
  /** CPU time of this process by the time that its threads had, 0 to 1; absent where another process computes. */
  cpuBusy?: number;
  /** Share of the time in which the encoder computed and did not wait for texts, at least; absent as `cpuBusy`. */
  encoderBusy?: number;
  /** Largest resident memory of this process. */
  peakMemoryBytes: number;
  /** File with the rows that were left out. */
  rejects?: string;
}

/** The summary where the dataset had all inputs already. */
export function summaryOfUnchanged(
  { dir, rows, manifest }: Dataset,
  encoder: { name: string; backend: EncoderBackend; precision: EncoderPrecision; dim: number },
): EmbedSummary {
  const ids = Object.keys(manifest.valueIds);
  const { name, backend, precision, dim } = encoder;
  return {
    dataset: dir,
    encoder: name,
    backend,
    precision,
    dim,
    rows,
    models: new Set(ids.map((id) => id.slice(0, id.lastIndexOf('$')))).size,
    valueIds: ids.length,
    rejected: 0,
    duplicates: manifest.duplicates,
    addedRows: 0,
    resumedRows: 0,
    embeddedTexts: 0,
    tokens: 0,
    seconds: 0,
    answersPerSecond: 0,
    tokensPerSecond: 0,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

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
