import type { QaRecord } from '../../data/record.js';

/** Consecutive records of all inputs. */
export interface RecordWindow {
  /** Number of the first record, counted from 0 over all inputs; a multiple of the window size. */
  first: number;
  records: QaRecord[];
}

/**
 * Cuts batches of any lengths into windows of `size` records; only the last may be shorter. The cuts depend on nothing
 * but the record numbers, so that a resumed run encodes the same windows as an uninterrupted one.
 */
export async function* cutWindows(batches: AsyncIterable<{ records: QaRecord[] }>, size: number): AsyncGenerator<RecordWindow> {
  let first = 0;
  let records: QaRecord[] = [];
  for await (const batch of batches) {
    for (const record of batch.records) {
      records.push(record);
      if (records.length < size) continue;
      yield { first, records };
      first += size;
      records = [];
    }
  }
  if (records.length > 0) yield { first, records };
}

/** Asks for the next item while the present one is in use, so that reading overlaps with encoding. */
export async function* prefetch<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = source.next();
  try {
    for (;;) {
      const item = await next;
      if (item.done) return;
      next = source.next();
      next.catch(() => undefined); // reported by the await above, unless the consumer stops before
      yield item.value;
    }
  } finally {
    await source.return(undefined);
  }
}
