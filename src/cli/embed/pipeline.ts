import { DatasetWriter, type DatasetWriterOptions } from '../../data/dataset-writer.js';
import { describeSources } from '../../data/input-files.js';
import type { ReadOptions } from '../../data/read-options.js';
import { readRecords, type RecordBatch } from '../../data/read-records.js';
import type { Encoder } from '../../encoder/encoder.js';
import { RejectsFile } from './rejects.js';
import type { ScanResult } from './scan.js';
import { cutWindows, prefetch } from './windows.js';

export interface EmbedTask {
  inputs: readonly string[];
  out: string;
  encoder: Encoder;
  dtype: NonNullable<DatasetWriterOptions['dtype']>;
  read: Omit<ReadOptions, 'signal' | 'batchSize'>;
  /** Whatever else decides the rows; a half-written dataset is only continued with the same settings. */
  settings: Record<string, unknown>;
  /** Records that the encoder sees at once and sorts by length. Written together: what a killed run loses at most. */
  windowRows: number;
  overwrite: boolean;
  /** From {@link scanRecords} over the same inputs. */
  scan: ScanResult;
  signal: AbortSignal;
  /** Called once, with the number of rows that an earlier, interrupted run has left. */
  onStart: (rows: number) => void;
  onProgress: (rows: number) => void;
}

export interface EmbedResult {
  /** Rows that were there from an earlier, interrupted run. */
  resumedRows: number;
  /** Tokens encoded in this run. */
  tokens: number;
  /** Seconds of encoding and writing in this run. */
  seconds: number;
}

/**
 * Reads, encodes and writes window by window, the three at the same time. Windows are cut by record number, so that a run
 * that continues an interrupted one gives the same bytes.
 */
export async function embedFiles(task: EmbedTask): Promise<EmbedResult> {
  const { inputs, out, encoder, dtype, read, scan, signal } = task;
  const { name, fingerprint, dim } = encoder;
  const sources = await describeSources(inputs, read.format, signal);
  const writer = await DatasetWriter.open(out, {
    encoder: { name, fingerprint, dim },
    dtype,
    sources,
    settings: { ...task.settings, windowRows: task.windowRows },
    overwrite: task.overwrite,
  });
  const rejects = new RejectsFile(out);
  try {
    task.onStart(writer.rows);
    const result = await encodeWindows(task, writer, keepRejects(readRecords(inputs, { ...read, signal }), rejects));
    await rejects.finish();
    await writer.finish({ rejected: scan.rejected, duplicates: scan.duplicates });
    return result;
  } finally {
    await rejects.discard();
    await writer.close();
  }
}

async function* keepRejects(batches: AsyncIterable<RecordBatch>, rejects: RejectsFile): AsyncGenerator<RecordBatch> {
  for await (const batch of batches) {
    await rejects.add(batch.rejected);
    yield batch;
  }
}

async function encodeWindows(task: EmbedTask, writer: DatasetWriter, batches: AsyncIterable<RecordBatch>): Promise<EmbedResult> {
  const { encoder, windowRows, signal, onProgress } = task;
  const resumedRows = writer.rows;
  let tokens = 0;
  let started: number | undefined;
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const { first, records } of prefetch(cutWindows(batches, windowRows))) {
      const written = Math.min(records.length, Math.max(0, resumedRows - first));
      if (written === records.length) continue;
      started ??= performance.now();
      const encoded = await encoder.encode(records, { signal, onProgress: (done) => onProgress(Math.max(first + done, resumedRows)) });
      tokens += encoded.tokens;
      await writing;
      writing = writer.append(records.slice(written), encoded.embeddings.subarray(written * encoded.dim));
      writing.catch(() => undefined); // reported by the next await
      onProgress(first + records.length);
    }
  } finally {
    await Promise.allSettled([writing]); // the writer refuses to be closed while it writes
  }
  await writing;
  return { resumedRows, tokens, seconds: started === undefined ? 0 : (performance.now() - started) / 1000 };
}
