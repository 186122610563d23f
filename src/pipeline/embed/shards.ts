import { EngineError } from '../../core/errors.js';
import type { TextTable } from '../../datasets/text-table.js';
import type { QaRecord } from '../../records/record.js';

/** A shard also ends at this many characters, so that very long answers do not fill the memory. */
export const SHARD_CHARACTERS = 2 ** 24;

/** Consecutive records that are written together. */
export interface Shard {
  /** Number of the shard; the first one of this command is 0. */
  number: number;
  /** Row of the first record in the dataset. */
  first: number;
  records: QaRecord[];
}

/** A shard and the origins of its embeddings. */
export interface PlannedShard extends Shard {
  /** For each record, the first dataset row with the same text: its own row if the text has to be embedded. */
  origins: Float64Array;
  /** The records whose texts have to be embedded, in order. */
  fresh: QaRecord[];
}

/**
 * Cuts batches of any length into shards of `size` records. Only the last shard and shards of very long texts have
 * fewer. The cuts depend on the records alone, so a resumed run or another machine makes the same shards.
 *
 * @param first row of the first record
 */
export async function* cutShards(
  batches: AsyncIterable<{ records: QaRecord[] }>,
  size: number,
  first = 0,
  characters = SHARD_CHARACTERS,
): AsyncGenerator<Shard> {
  let number = 0;
  let records: QaRecord[] = [];
  let length = 0;
  for await (const batch of batches) {
    for (const record of batch.records) {
      records.push(record);
      length += record.question.length + record.answer.length;
      if (records.length < size && length < characters) continue;
      yield { number, first, records };
      number++;
      first += records.length;
      records = [];
      length = 0;
    }
  }
  if (records.length > 0) yield { number, first, records };
}

/**
 * Finds out which texts of each shard have to be embedded: those that no earlier row has.
 *
 * @param table texts of all rows
 * @throws EngineError `ERR_DATA` for a text that is not in the table, because an input has changed since
 */
export async function* planShards(shards: AsyncIterable<Shard>, table: TextTable): AsyncGenerator<PlannedShard> {
  for await (const shard of shards) {
    const origins = new Float64Array(shard.records.length);
    const fresh: QaRecord[] = [];
    for (const [i, record] of shard.records.entries()) {
      const row = shard.first + i;
      const origin = table.first(record);
      if (origin === undefined || origin > row) throw inputsChanged();
      origins[i] = origin;
      if (origin === row) fresh.push(record);
    }
    yield { ...shard, origins, fresh };
  }
}

export function inputsChanged(): EngineError {
  return new EngineError(
    'ERR_DATA',
    'An input changed while the command was running. Run it again once nothing writes to the inputs',
  );
}

/** Requests the next item while the current one is in use, so that reading overlaps with encoding. */
export async function* prefetch<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = source.next();
  try {
    for (;;) {
      const item = await next;
      if (item.done) return;
      next = source.next();
      next.catch(() => undefined); // reported by the await above, unless the consumer stops first
      yield item.value;
    }
  } finally {
    await source.return(undefined);
  }
}
