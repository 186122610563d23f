import { EngineError } from '../../core/errors.js';
import type { ReadOptions } from '../../data/read-options.js';
import { readRecords } from '../../data/read-records.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import type { EncoderBackend, EncoderPrecision } from '../../encoder/encoder.js';
import { loadEncoder } from '../../encoder/load-encoder.js';
import type { CliContext } from '../context.js';
import type { EmbedOptions } from '../embed.js';
import { describeEncoder } from '../encoder-options.js';
import { rememberEncoder } from '../dataset-encoder.js';
import { formatCount, formatDuration, formatRate, plural } from '../format.js';
import { embedFiles } from './pipeline.js';
import { REJECTS_FILE } from './rejects.js';
import { scanRecords, type ScanResult } from './scan.js';

/** What `univar embed --json` prints. */
export interface EmbedSummary extends ScanResult {
  dataset: string;
  encoder: string;
  /** Where it computed, and how. */
  backend: EncoderBackend;
  precision: EncoderPrecision;
  dim: number;
  /** Rows that an earlier, interrupted run had written. */
  resumedRows: number;
  /** Tokens and seconds of this run, without reading ahead and loading the encoder. */
  tokens: number;
  seconds: number;
  answersPerSecond: number;
  tokensPerSecond: number;
  /** File with the rows that were left out. */
  rejects?: string;
}

/** `univar embed`: checks the inputs, embeds them, and prints a summary. */
export async function runEmbed(inputs: readonly string[], options: EmbedOptions, context: CliContext): Promise<EmbedSummary> {
  const summary = await embedToFolder(inputs, options, context);
  if (options.json) context.printJson(summary);
  else context.print(describeSummary(summary));
  return summary;
}

/** The same without the summary on standard output. */
export async function embedToFolder(inputs: readonly string[], options: EmbedOptions, context: CliContext): Promise<EmbedSummary> {
  const { out, encoder: folder = DEFAULT_ENCODER, dtype, maxTokens, batchTokens, backend, precision } = options;
  const read: ReadOptions = {
    columns: options.columns,
    defaults: { ...(options.model && { model: options.model }), ...(options.lang && { lang: options.lang }) },
    format: options.format,
    skipBad: options.skipBad,
  };
  const scan = await scanInputs(inputs, read, context);
  const encoder = await loadEncoder(folder, { maxTokens, batchTokens, backend, precision });
  try {
    let progress: ReturnType<CliContext['progress']> | undefined;
    const { resumedRows, tokens, seconds } = await embedFiles({
      inputs,
      out,
      encoder,
      dtype,
      read,
      settings: { columns: read.columns ?? {}, defaults: read.defaults, skipBad: options.skipBad ?? false, maxTokens: encoder.maxTokens, batchTokens: batchTokens ?? null, backend: encoder.backend, precision: encoder.precision },
      windowRows: options.window,
      overwrite: options.overwrite ?? false,
      scan,
      signal: context.signal,
      onStart: (done) => {
        if (done > 0) context.log(`embed: continuing after the ${formatCount(done)} answers of an interrupted run`);
        progress = context.progress({ label: 'embed', unit: 'answers', total: scan.rows, done });
      },
      onProgress: (rows) => progress?.update(rows),
    })
      .catch((error: unknown) => {
        if (!(error instanceof EngineError && error.code === 'ERR_ABORTED')) throw error;
        throw new EngineError('ERR_ABORTED', `Interrupted. What is embedded stays in ${out}: run the same command again to go on`, { cause: error });
      })
      .finally(() => progress?.stop());
    await rememberEncoder(out, folder);
    const rate = (count: number): number => (seconds > 0 ? count / seconds : 0);
    return {
      dataset: out,
      encoder: encoder.name,
      backend: encoder.backend,
      precision: encoder.precision,
      dim: encoder.dim,
      ...scan,
      resumedRows,
      tokens,
      seconds,
      answersPerSecond: rate(scan.rows - resumedRows),
      tokensPerSecond: rate(tokens),
      ...(scan.rejected > 0 && { rejects: `${out}/${REJECTS_FILE}` }),
    };
  } finally {
    await encoder.dispose();
  }
}

async function scanInputs(inputs: readonly string[], read: ReadOptions, context: CliContext): Promise<ScanResult> {
  const progress = context.progress({ label: 'read', unit: 'answers' });
  try {
    return await scanRecords(readRecords(inputs, { ...read, signal: context.signal }), (rows) => {
      progress.update(rows);
    });
  } finally {
    progress.stop();
  }
}

function describeSummary(summary: EmbedSummary): string {
  const { rows, models, valueIds, rejected, duplicates, tokens, seconds, resumedRows } = summary;
  const lines = [
    `Embedded ${formatCount(rows)} answers of ${plural(models, 'model')} (${plural(valueIds, 'value id')}) with ${describeEncoder({ ...summary, name: summary.encoder })}, ${summary.dim} dimensions.`,
    `${formatCount(tokens)} tokens in ${formatDuration(seconds)}: ${formatRate(summary.answersPerSecond)} answers/s, ${formatCount(summary.tokensPerSecond)} tokens/s.`,
  ];
  if (resumedRows > 0) lines.push(`${formatCount(resumedRows)} of the answers were there from an interrupted run.`);
  if (duplicates > 0) lines.push(`${plural(duplicates, 'row')} equal to an earlier one; kept.`);
  if (rejected > 0) lines.push(`${plural(rejected, 'bad row')} left out; see ${summary.rejects ?? ''}.`);
  lines.push(`Dataset: ${summary.dataset}`);
  return lines.join('\n');
}
