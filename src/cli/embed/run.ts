import { EngineError } from '../../core/errors.js';
import { DatasetWriter, type DatasetWriterOptions, expectAddable } from '../../datasets/dataset-writer.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import type { LoadEncoderOptions } from '../../encoder/plan-encoder.js';
import { capabilities } from '../../native/capabilities.js';
import type { ReadOptions } from '../../records/read-options.js';
import { type RecordBatch, readRecords } from '../../records/read-records.js';
import type { CliContext } from '../context.js';
import { rememberEncoder } from '../dataset-encoder.js';
import { formatCount } from '../format.js';
import { type EmbedInputs, findInputs } from './inputs.js';
import type { EmbedOptions } from './options.js';
import { type EmbedResult, embedRecords } from './pipeline.js';
import { keepRejects, REJECTS_FILE, RejectsFile } from './rejects.js';
import { type Scan, scanRecords } from './scan.js';
import { describeEncoderFolder, type EncoderDescription, type OpenShardEncoder, openLocal } from './shard-encoder.js';
import { cutShards, planShards } from './shards.js';
import { describeSummary, type EmbedSummary, summaryOfUnchanged } from './summary.js';

interface EmbedRun {
  found: EmbedInputs;
  scan: Scan;
  read: ReadOptions;
  options: EmbedOptions;
  context: CliContext;
}

/** `univar embed`: checks the inputs, embeds them, and prints a summary. */
export async function runEmbed(
  inputs: readonly string[],
  options: EmbedOptions,
  context: CliContext,
): Promise<EmbedSummary> {
  const summary = await embedToFolder(inputs, options, context);
  if (options.json) context.printJson(summary);
  else context.print(describeSummary(summary));
  return summary;
}

/** The same without the summary on standard output. */
export async function embedToFolder(
  inputs: readonly string[],
  options: EmbedOptions,
  context: CliContext,
): Promise<EmbedSummary> {
  const { out, encoder: folder = DEFAULT_ENCODER } = options;
  const read: ReadOptions = {
    columns: options.columns,
    defaults: { ...(options.model && { model: options.model }), ...(options.lang && { lang: options.lang }) },
    format: options.format,
    skipBad: options.skipBad,
  };
  const found = await findInputs(out, inputs, {
    format: read.format,
    add: options.add ?? false,
    overwrite: options.overwrite ?? false,
    signal: context.signal,
  });
  if (found.base && found.paths.length === 0) return embedNothing(found, folder, read, options);
  const scan = await scanInputs(found, read, context);
  const run: EmbedRun = { found, scan, read, options, context };
  const opened = await openEncoder(folder, options, context);
  try {
    const writer = await DatasetWriter.open(out, writerOptions(found, opened.description, read, options));
    const resumedRows = writer.rows - (found.base?.rows ?? 0);
    let result: EmbedResult;
    try {
      result = await embedShards(run, writer, opened);
    } finally {
      await writer.close();
    }
    await rememberEncoder(out, folder);
    return summarise(run, opened, result, resumedRows);
  } finally {
    await opened.dispose();
  }
}

async function openEncoder(folder: string, options: EmbedOptions, context: CliContext): Promise<OpenShardEncoder> {
  if (options.queue === undefined && options.exchange !== undefined)
    throw new EngineError('ERR_ARG_RANGE', 'Expected "queue" with "exchange": only workers need one');
  if (options.queue === undefined) return openLocal(folder, encoderOptions(options), context.signal);
  const { openQueue } = await import('./queue-encoder.js');
  return openQueue(
    folder,
    { ...encoderOptions(options), url: options.queue, out: options.out, exchange: options.exchange },
    context,
  );
}

async function embedShards(run: EmbedRun, writer: DatasetWriter, opened: OpenShardEncoder): Promise<EmbedResult> {
  const { scan, options, context } = run;
  const { out, shardRows } = options;
  const { base, paths } = run.found;
  const { rows, duplicates, rejected } = scan.result;
  const { table } = scan;
  const baseRows = base?.rows ?? 0;
  const records = (): AsyncIterable<RecordBatch> => readRecords(paths, { ...run.read, signal: context.signal });
  if (base)
    context.log(`embed: adding ${formatCount(rows - baseRows)} answers to the ${formatCount(baseRows)} of ${out}`);
  if (writer.rows > baseRows)
    context.log(`embed: continuing after the ${formatCount(writer.rows - baseRows)} answers of an interrupted run`);
  const rejects = new RejectsFile(out, base?.manifest.rejected ?? 0);
  const encoder = await opened.start(writer);
  const progress = context.progress({ label: 'embed', unit: 'answers', total: rows, done: writer.rows });
  try {
    if (encoder.announce) {
      for await (const shard of planShards(cutShards(records(), shardRows, baseRows), table)) {
        if (shard.first >= writer.rows) await encoder.announce(shard);
      }
    }
    const batches = keepRejects(records(), rejects);
    const dim = opened.description.dim;
    const result = await embedRecords({
      writer,
      batches,
      baseRows,
      rows,
      dim,
      table,
      encoder,
      shardRows,
      onProgress: (done) => progress.update(done),
    });
    await rejects.finish();
    await writer.finish({ rejected: (base?.manifest.rejected ?? 0) + rejected, duplicates });
    await encoder.finish?.();
    return result;
  } catch (error) {
    if (!(error instanceof EngineError && error.code === 'ERR_ABORTED')) throw error;
    throw new EngineError(
      'ERR_ABORTED',
      `Interrupted. What is embedded stays in ${out}: run the same command again to go on`,
      { cause: error },
    );
  } finally {
    progress.stop();
    await rejects.discard();
  }
}

/** The dataset has all inputs already: only whether it is the one that was asked for remains to be seen. */
async function embedNothing(
  found: EmbedInputs,
  folder: string,
  read: ReadOptions,
  options: EmbedOptions,
): Promise<EmbedSummary> {
  const description = await describeEncoderFolder(folder, encoderOptions(options));
  expectAddable(options.out, found.base!.manifest, writerOptions(found, description, read, options));
  return summaryOfUnchanged(found.base!, description);
}

function writerOptions(
  { sources }: EmbedInputs,
  encoder: EncoderDescription,
  { columns = {}, defaults = {} }: ReadOptions,
  options: EmbedOptions,
): DatasetWriterOptions {
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

async function scanInputs({ base, paths }: EmbedInputs, read: ReadOptions, context: CliContext): Promise<Scan> {
  const progress = context.progress({ label: 'read', unit: 'answers' });
  async function* none(): AsyncGenerator<never> {
    // A new dataset has no rows yet.
  }
  try {
    return await scanRecords(
      base?.recordBlocks() ?? none(),
      readRecords(paths, { ...read, signal: context.signal }),
      (rows) => progress.update(rows),
    );
  } finally {
    progress.stop();
  }
}

function summarise(
  { found: { base }, scan: { result }, options: { out } }: EmbedRun,
  { description, here }: OpenShardEncoder,
  embedded: EmbedResult,
  resumedRows: number,
): EmbedSummary {
  const { seconds, tokens, texts, cpuSeconds, encoderSeconds } = embedded;
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
    ...(here && { cpuBusy: rate(cpuSeconds) / capabilities().threads, encoderBusy: rate(encoderSeconds) }),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    ...(result.rejected > 0 && { rejects: `${out}/${REJECTS_FILE}` }),
  };
}
