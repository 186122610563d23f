import { allocateFloat32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import type { DatasetWriter } from '../../datasets/dataset-writer.js';
import type { TextTable } from '../../datasets/text-table.js';
import type { RecordBatch } from '../../records/read-records.js';
import type { EncodedShard, ShardEncoder } from './shard-encoder.js';
import { cutShards, inputsChanged, type PlannedShard, planShards, prefetch } from './shards.js';

export interface EmbedTask {
  writer: DatasetWriter;
  /** The new records. */
  batches: AsyncIterable<RecordBatch>;
  /** Rows of the existing dataset; 0 for a new one. */
  baseRows: number;
  /** Rows of the complete dataset. */
  rows: number;
  dim: number;
  /** Texts of all rows. */
  table: TextTable;
  encoder: ShardEncoder;
  shardRows: number;
  /** Receives the number of rows embedded so far. */
  onProgress: (rows: number) => void;
}

export interface EmbedResult {
  /** Texts encoded in this run, and their tokens. */
  texts: number;
  tokens: number;
  /** Seconds of encoding and writing in this run. */
  seconds: number;
  /** CPU seconds of all threads of this process during that time. */
  cpuSeconds: number;
  /**
   * Lower bound of the seconds in which the encoder computed. While this thread is busy it cannot see whether the
   * encoder has finished, so that time counts as waiting.
   */
  encoderSeconds: number;
}

/** A shard that was passed to the encoder, and will be written. */
interface InFlight {
  encoded: Promise<EncodedShard>;
  written: Promise<void>;
}

/**
 * Reads, encodes and writes shard by shard, with all three overlapping. A text that repeats an earlier row is not
 * encoded again: its row gets a copy of that embedding.
 */
export async function embedRecords(task: EmbedTask): Promise<EmbedResult> {
  const { writer, encoder, onProgress } = task;
  const resumedRows = writer.rows;
  const result: EmbedResult = { texts: 0, tokens: 0, seconds: 0, cpuSeconds: 0, encoderSeconds: 0 };
  const cpuBefore = process.cpuUsage();
  const loopBefore = performance.eventLoopUtilization();
  const idleBefore = encoder.idleSeconds ?? 0;
  const started = performance.now();
  const inFlight: InFlight[] = [];
  let rows = task.baseRows;
  let reported = resumedRows;
  const report = (done: number): void => {
    if (done > reported) onProgress((reported = done));
  };
  encoder.onFinished?.((finished) => report(resumedRows + finished));
  /** Writes a shard once it is encoded and the previous one is written. */
  const write = async (shard: PlannedShard, encoded: Promise<EncodedShard>, previous: Promise<void>): Promise<void> => {
    const [{ embeddings, tokens }] = await Promise.all([encoded, previous]);
    await writer.append(shard.records, await placeRows(shard, embeddings, task.dim, writer));
    result.texts += shard.fresh.length;
    result.tokens += tokens;
    report(shard.first + shard.records.length);
  };
  let previous: Promise<void> = Promise.resolve();
  try {
    for await (const shard of prefetch(
      planShards(cutShards(task.batches, task.shardRows, task.baseRows), task.table),
    )) {
      rows = shard.first + shard.records.length;
      if (rows <= resumedRows) continue;
      if (shard.first < resumedRows)
        throw new EngineError('ERR_INTERNAL', `The shards of ${writer.dir} end inside a shard, at row ${resumedRows}`);
      const share = shard.records.length / Math.max(1, shard.fresh.length);
      const encoded = encoder.encode(shard, (texts) => report(shard.first + Math.floor(texts * share)));
      const written = write(shard, encoded, previous);
      written.catch(() => undefined); // reported by the await below
      previous = written;
      inFlight.push({ encoded, written });
      if (inFlight.length >= encoder.depth) await inFlight.shift()!.written;
    }
    await previous;
  } finally {
    // Neither the writer nor the encoder can be closed while it works.
    await Promise.allSettled(inFlight.flatMap(({ encoded, written }) => [encoded, written]));
  }
  if (rows !== task.rows) throw inputsChanged();
  const cpu = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - started) / 1000;
  const waited = (encoder.idleSeconds ?? 0) - idleBefore + performance.eventLoopUtilization(loopBefore).active / 1000;
  return {
    ...result,
    seconds,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    encoderSeconds: Math.max(0, seconds - waited),
  };
}

/** Assembles the embeddings of all records of a shard from those of its new texts and of earlier rows. */
async function placeRows(
  { first, records, origins, fresh }: PlannedShard,
  embeddings: Float32Array,
  dim: number,
  writer: DatasetWriter,
): Promise<Float32Array> {
  if (embeddings.length !== fresh.length * dim) {
    throw new EngineError(
      'ERR_SHAPE_MISMATCH',
      `Expected ${fresh.length} x ${dim} entries for the embeddings from row ${first}, got ${embeddings.length}`,
    );
  }
  if (fresh.length === records.length) return embeddings;
  const all = allocateFloat32(records.length * dim, 'the embeddings');
  const rowOf = (i: number): Float32Array => all.subarray(i * dim, (i + 1) * dim);
  const earlier: number[] = [];
  let next = 0;
  for (let i = 0; i < records.length; i++) {
    const origin = origins[i]! - first;
    if (origin === i) {
      rowOf(i).set(embeddings.subarray(next * dim, (next + 1) * dim));
      next++;
    } else if (origin >= 0) rowOf(i).set(rowOf(origin));
    else earlier.push(i);
  }
  // In file order.
  for (const i of earlier.sort((a, b) => origins[a]! - origins[b]!)) await writer.read(origins[i]!, rowOf(i));
  return all;
}
