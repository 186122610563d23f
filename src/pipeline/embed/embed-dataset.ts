import { EngineError } from '../../core/errors.js';
import { languagesOf } from '../../core/value-id.js';
import { openDataset } from '../../datasets/dataset.js';
import { DatasetWriter, type DatasetWriterOptions, expectAddable } from '../../datasets/dataset-writer.js';
import { removeFit } from '../../datasets/fits/fit-manifest.js';
import type { LoadEncoderOptions } from '../../encoder/encoder-plan.js';
import { capabilities } from '../../native/capabilities.js';
import type { ReadOptions } from '../../records/read-options.js';
import { type RecordBatch, readRecords } from '../../records/read-records.js';
import { rememberEncoder } from '../dataset-encoder.js';
import { refreshFit } from '../fit/refresh-fit.js';
import { rebuildIndex } from '../index/build-index.js';
import { type EmbedResult, embedRecords } from './embed-records.js';
import { type EmbedInputs, findInputs } from './inputs.js';
import { type EmbedDatasetOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { keepRejects, REJECTS_FILE, RejectsFile } from './rejects.js';
import { type Scan, scanRecords } from './scan.js';
import { describeEncoderFolder, type EncoderDescription, type OpenShardEncoder, openLocal } from './shard-encoder.js';
import { cutShards, planShards } from './shards.js';
import { type EmbedSummary, summaryOfUnchanged } from './summary.js';

interface Run {
  found: EmbedInputs;
  scan: Scan;
  read: ReadOptions;
  options: ResolvedOptions;
}

/**
 * Embeds answers into a dataset folder for `openDataset`, `buildIndex` and `openCollection`. Embeds each distinct text
 * once. If a run is interrupted, the same call resumes it, and the finished folder has the same bytes as without the
 * interruption.
 *
 * If answers are added to a dataset with a fit (see `fitDataset`), the fitted encoder as it is encodes them too, and
 * the index over its vectors is rebuilt. With `overwrite`, the fit is removed.
 *
 * @throws EngineError `ERR_DATA` for bad rows (naming file and line), changed inputs, or a dataset with different
 *   settings; `ERR_BUSY` while another process writes to the folder; `ERR_ABORTED`; `ERR_ARG_TYPE`, `ERR_ARG_RANGE`,
 *   `ERR_IO`, `ERR_OUT_OF_MEMORY`, `ERR_NATIVE_LOAD`; with workers also `ERR_REMOTE`
 */
export async function embedDataset(options: EmbedDatasetOptions): Promise<EmbedSummary> {
  const resolved = resolveOptions(options);
  const { inputs, out, encoder: folder, signal, add = false, overwrite = false } = resolved;
  const { columns, defaults = {}, optional, format, skipBad } = resolved;
  const found = await findInputs(out, inputs, { format, add, overwrite, signal });
  const languages = languagesOf(Object.keys(found.base?.manifest.valueIds ?? {}));
  const read: ReadOptions = { columns, defaults, optional, languages, format, skipBad };
  if (found.base && found.paths.length === 0) return embedNothing(found, folder, read, resolved);
  const scan = await scanInputs(found, read, resolved);
  const run: Run = { found, scan, read, options: resolved };
  const opened = await openEncoder(folder, resolved);
  try {
    const writer = await DatasetWriter.open(out, writerOptions(found, opened.description, read, resolved));
    const resumedRows = writer.rows - (found.base?.rows ?? 0);
    let result: EmbedResult;
    try {
      result = await embedShards(run, writer, opened);
    } finally {
      await writer.close();
    }
    await rememberEncoder(out, folder);
    await updateFit(scan.result.rows - (found.base?.rows ?? 0), resolved);
    return summarise(run, opened, result, resumedRows);
  } finally {
    await opened.dispose();
  }
}

async function openEncoder(folder: string, options: ResolvedOptions): Promise<OpenShardEncoder> {
  const { workers, out, signal, events } = options;
  if (workers === undefined) return openLocal(folder, encoderOptions(options), signal);
  const { openQueue } = await import('./queue-encoder.js');
  const { onNotice, onWorkers } = events;
  return openQueue(folder, encoderOptions(options), { ...workers, out, signal, onNotice, onWorkers });
}

async function embedShards(run: Run, writer: DatasetWriter, opened: OpenShardEncoder): Promise<EmbedResult> {
  const { scan, options } = run;
  const { out, shardRows, signal, events } = options;
  const { base, paths } = run.found;
  const { rows, duplicates, rejected } = scan.result;
  const { table } = scan;
  const baseRows = base?.rows ?? 0;
  const records = (): AsyncIterable<RecordBatch> => readRecords(paths, { ...run.read, signal });
  const rejects = new RejectsFile(out, base?.manifest.rejected ?? 0);
  const encoder = await opened.start(writer);
  let embedded = writer.rows;
  events.onStart?.({ rows, baseRows, resumedRows: writer.rows - baseRows });
  try {
    if (encoder.announce) {
      for await (const shard of planShards(cutShards(records(), shardRows, baseRows), table)) {
        if (shard.first >= writer.rows) await encoder.announce(shard);
      }
    }
    const batches = keepRejects(records(), rejects);
    const { dim } = opened.description;
    const onProgress = (done: number): void => events.onProgress?.((embedded = done));
    const task = { writer, batches, baseRows, rows, dim, table, encoder, shardRows, onProgress };
    const result = await embedRecords(task);
    await rejects.finish();
    if (!base) await removeFit(out); // that of a dataset to be replaced
    await writer.finish({ rejected: (base?.manifest.rejected ?? 0) + rejected, duplicates });
    await encoder.finish?.();
    return result;
  } catch (error) {
    if (!(error instanceof EngineError && error.code === 'ERR_ABORTED')) throw error;
    const kept = describeKept(writer.rows - baseRows, embedded - baseRows, rows - baseRows);
    throw new EngineError('ERR_ABORTED', 'Embedding was interrupted', {
      cause: error,
      remedies: [{ text: `run it again to resume: ${out} ${kept}` }],
    });
  } finally {
    await rejects.discard();
  }
}

/**
 * Says what an interrupted run keeps: complete shards.
 *
 * @param saved new rows on disk
 * @param embedded new rows that were encoded, saved or not
 */
function describeKept(saved: number, embedded: number, rows: number): string {
  const [kept, all, lost] = [saved, rows, Math.max(0, embedded - saved)].map((count) => count.toLocaleString('en-US'));
  const again = embedded > saved ? `; ${lost} more were embedded, but not saved, and will be embedded again` : '';
  return `keeps ${kept} of ${all} new answers${again}`;
}

/** Handles a dataset that already contains all inputs: only compares the settings. */
async function embedNothing(
  found: EmbedInputs,
  folder: string,
  read: ReadOptions,
  options: ResolvedOptions,
): Promise<EmbedSummary> {
  const description = await describeEncoderFolder(folder, encoderOptions(options));
  expectAddable(options.out, found.base!.manifest, writerOptions(found, description, read, options));
  await updateFit(0, options); // an earlier run may have been interrupted before it did
  return summaryOfUnchanged(found.base!, description);
}

/** Completes the fit of the dataset, if it has one, and the index over the fitted vectors. */
async function updateFit(addedRows: number, { out, signal, events }: ResolvedOptions): Promise<void> {
  const source = await refreshFit(await openDataset(out), addedRows, { signal, onProgress: events.onFitProgress });
  if (source.isFitted) await rebuildIndex(source, { signal, onProgress: events.onIndexProgress });
}

function writerOptions(
  { sources }: EmbedInputs,
  encoder: EncoderDescription,
  { columns = {}, defaults = {} }: ReadOptions,
  options: ResolvedOptions,
): DatasetWriterOptions {
  const { dtype = 'f32', shardRows, skipBad = false, batchTokens = null, overwrite = false } = options;
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

function encoderOptions({ maxTokens, batchTokens, backend, precision }: ResolvedOptions): LoadEncoderOptions {
  return { maxTokens, batchTokens, backend, precision };
}

async function scanInputs({ base, paths }: EmbedInputs, read: ReadOptions, options: ResolvedOptions): Promise<Scan> {
  const { signal, events } = options;
  async function* none(): AsyncGenerator<never> {
    // A new dataset has no rows yet.
  }
  return scanRecords(base?.recordBlocks() ?? none(), readRecords(paths, { ...read, signal }), (rows) =>
    events.onRead?.(rows),
  );
}

function summarise(
  { found: { base }, scan: { result }, options: { out } }: Run,
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
