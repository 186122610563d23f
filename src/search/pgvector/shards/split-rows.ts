import { once } from 'node:events';
import { PassThrough } from 'node:stream';

import { allocateFloat32 } from '../../../core/allocate.js';
import type { LabelledRows } from '../vector-bytes.js';

/** Batches that wait for each server. */
const WAITING_BATCHES = 2;

/** Splits rows by their partitions. */
export function splitRows(
  { vectors, valueIds, labels }: LabelledRows,
  partitions: Uint8Array,
  count: number,
): LabelledRows[] {
  const dim = labels.length === 0 ? 0 : vectors.length / labels.length;
  return Array.from({ length: count }, (_, partition) => {
    const rows = Array.from(labels.keys()).filter((row) => partitions[row] === partition);
    const own = allocateFloat32(rows.length * dim, 'the vectors of a partition');
    rows.forEach((row, i) => own.set(vectors.subarray(row * dim, (row + 1) * dim), i * dim));
    return {
      vectors: own,
      valueIds: valueIds && rows.map((row) => valueIds[row]!),
      labels: Int32Array.from(rows, (row) => labels[row]!),
    };
  });
}

/**
 * Distributes rows among `count` readers, which may read at different speeds. A failure of `rows` or `split` reaches
 * all readers.
 *
 * @param split returns the rows of each reader
 */
export function distribute(
  rows: AsyncIterable<LabelledRows>,
  count: number,
  split: (batch: LabelledRows) => Promise<LabelledRows[]>,
): { readers: AsyncIterable<LabelledRows>[]; stop: () => void } {
  const stopped = new AbortController();
  const channels = Array.from({ length: count }, () => {
    const channel = new PassThrough({ objectMode: true, highWaterMark: WAITING_BATCHES });
    channel.on('error', () => undefined); // its reader throws it
    return channel;
  });
  const feed = async (): Promise<void> => {
    for await (const batch of rows) {
      for (const [i, part] of (await split(batch)).entries()) {
        if (part.labels.length === 0) continue;
        if (!channels[i]!.write(part)) await once(channels[i]!, 'drain', { signal: stopped.signal });
      }
    }
    for (const channel of channels) channel.end();
  };
  feed().catch((error: unknown) => {
    for (const channel of channels) channel.destroy(error as Error);
  });
  return { readers: channels, stop: () => stopped.abort() };
}
