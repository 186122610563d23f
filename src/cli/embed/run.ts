import { EngineError } from '../../core/errors.js';
import { DatasetWriter, expectAddable, type DatasetWriterOptions } from '../../data/dataset-writer.js';
import type { ReadOptions } from '../../data/read-options.js';
import { readRecords } from '../../data/read-records.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import { loadEncoder } from '../../encoder/load-encoder.js';
import { planEncoder, type LoadEncoderOptions } from '../../encoder/plan-encoder.js';
import { capabilities } from '../../native/capabilities.js';
import type { CliContext } from '../context.js';
import { rememberEncoder } from '../dataset-encoder.js';
import type { EmbedOptions } from '../embed.js';
import { formatCount } from '../format.js';
import { findInputs, type EmbedInputs } from './inputs.js';
import { embedRecords, type EmbedResult } from './pipeline.js';
import { keepRejects, REJECTS_FILE, RejectsFile } from './rejects.js';
import { scanRecords, type Scan } from './scan.js';
import { localShardEncoder, type ShardEncoder } from './shard-encoder.js';
import { describeSummary, summaryOfUnchanged, type EmbedSummary } from './summary.js';

/** The encoder as far as it is known before its weights are loaded. */
export interface EncoderDescription {
  name: string;
  fingerprint: string;
  dim: number;
  maxTokens: number;
  backend: EmbedSummary['backend'];
  precision: EmbedSummary['precision'];
}

/** What computes the shards, and how it is let go. */
export interface OpenShardEncoder {
  encoder: ShardEncoder;
  description: EncoderDescription;
  /** True where this process computes, so that its CPU time says how busy the CPU was. */
  here: boolean;
  dispose: () => Promise<void>;
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
  const { out, encoder: folder = DEFAULT_ENCODER } = options;
  const read: ReadOptions = {
    columns: options.columns,
    defaults: { ...(options.model && { model: options.model }), ...(options.lang && { lang: options.lang }) },
    format: options.format,
    skipBad: options.skipBad,
  };
  const found = await findInputs(out, inputs, { format: read.format, add: options.add ?? false, overwrite: options.overwrite ?? false, signal: context.signal });
  if (found.base && found.paths.length === 0) return embedNothing(found, folder, read, options);
  const scan = await scanInputs(found, read, context);
  const opened = await openLocal(folder, options, context.signal);
  try {
    const writer = await DatasetWriter.open(out, writerOptions(found, opened.description, read, options));
    const rejects = new RejectsFile(out, found.base?.manifest.rejected ?? 0);
    let result: EmbedResult;
    const resumedRows = writer.rows - (found.base?.rows ?? 0);
    try {
      result = await embedShards(writer, rejects, opened, found, scan, read, options, context);
    } finally {
      await rejects.discard();
      await writer.close();
    }
    await rememberEncoder(out, folder);
    return summarise(found, scan, opened, result, resumedRows, options);
  } finally {
    await opened.dispose();
  }
}

async function embedShards(
  writer: DatasetWriter,
  rejects: RejectsFile,
  { encoder, description }: OpenShardEncoder,
  { base, paths }: EmbedInputs,
  { result: { rows, duplicates, rejected }, table }: Scan,
  read: ReadOptions,
  { shardRows, out }: EmbedOptions,
  context: CliContext,
): Promise<EmbedResult> {
  const baseRows = base?.rows ?? 0;
  if (base) context.log(`embed: adding ${formatCount(rows - baseRows)} answers to the ${formatCount(baseRows)} of ${out}`);
  if (writer.rows > baseRows) context.log(`embed: continuing after the ${formatCount(writer.rows - baseRows)} answers of an interrupted run`);
  const progress = context.progress({ label: 'embed', unit: 'answers', total: rows, done: writer.rows });
  try {
    const batches = keepRejects(readRecords(paths, { ...read, signal: context.signal }), rejects);
    const result = await embedRecords({ writer, batches, baseRows, rows, dim: description.dim, table, encoder, shardRows, onProgress: (done) => progress.update(done) });
    await rejects.finish();
    await writer.finish({ rejected: (base?.manifest.rejected ?? 0) + rejected, duplicates });
    return result;
  } catch (error) {
    if (!(error instanceof EngineError && error.code === 'ERR_ABORTED')) throw error;
    throw new EngineError('ERR_ABORTED', `Interrupted. What is embedded stays in ${out}: run the same command again to go on`, { cause: error });
  } finally {
    progress.stop();
  }
}

/** The dataset has all inputs already: only whether it is the one that was asked for remains to be seen. */
async function embedNothing(found: EmbedInputs, folder: string, read: ReadOptions, options: EmbedOptions): Promise<EmbedSummary> {
  const plan = await planEncoder(folder, encoderOptions(options));
  const { model, maxTokens, backend, precision } = plan;
  const description = { name: model.name, dim: model.dim, fingerprint: await plan.fingerprint(), maxTokens, backend, precision };
  expectAddable(options.out, found.base!.manifest, writerOptions(found, description, read, options));
  return summaryOfUnchanged(found.base!, description);
}

function writerOptions({ sources }: EmbedInputs, encoder: EncoderDescription, { columns = {}, defaults = {} }: ReadOptions, options: EmbedOptions): DatasetWriterOptions {
  const { dtype, shardRows, skipBad = false, batchTokens = null, overwrite = false } = options;
  const { maxTokens, backend, precision } = encoder;
  return {
    encoder,
    dtype,
    sources,
    settings: { columns, defaults, skipBad, maxTokens, batchTokens, backend, precision, shardRows },
    overwrite,
    add: !overwrite,
  };
}

function encoderOptions({ maxTokens, batchTokens, backend, precision }: EmbedOptions): LoadEncoderOptions {
  return { maxTokens, batchTokens, backend, precision };
}

async function openLocal(folder: string, options: EmbedOptions, signal: AbortSignal): Promise<OpenShardEncoder> {
  const encoder = await loadEncoder(folder, encoderOptions(options));
  return { encoder: localShardEncoder(encoder, signal), description: encoder, here: encoder.backend === 'native', dispose: () => encoder.dispose() };
}

async function scanInputs({ base, paths }: EmbedInputs, read: ReadOptions, context: CliContext): Promise<Scan> {
  const progress = context.progress({ label: 'read', unit: 'answers' });
  async function* none(): AsyncGenerator<never> {
    // A new dataset has no rows yet.
  }
  try {
    return await scanRecords(base?.recordBlocks() ?? none(), readRecords(paths, { ...read, signal: context.signal }), (rows) => progress.update(rows));
  } finally {
    progress.stop();
  }
}

function summarise({ base }: EmbedInputs, { result }: Scan, { description, here }: OpenShardEncoder, embedded: EmbedResult, resumedRows: number, { out }: EmbedOptions): EmbedSummary {
  const { seconds, tokens, texts, cpuSeconds } = embedded;
  const { name, backend, precision, dim } = description;
  const rate = (count: number): number => (seconds > 0 ? count / seconds : 0);
  const addedRows = result.rows - (base?.rows ?? 0);
  return {
    dataset: out,
    encoder: name,
    backend,
    precision,
    dim,
    ...result,
    addedRows,
    resumedRows,
    embeddedTexts: texts,
    tokens,
    seconds,
    answersPerSecond: rate(addedRows - resumedRows),
    tokensPerSecond: rate(tokens),
    ...(here && { cpuBusy: rate(cpuSeconds) / capabilities().threads }),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    ...(result.rejected > 0 && { rejects: `${out}/${REJECTS_FILE}` }),
  };
}
