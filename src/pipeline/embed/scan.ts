import { TextTable } from '../../datasets/text-table.js';
import { DuplicateCounter } from '../../records/duplicate-counter.js';
import type { RecordBatch } from '../../records/read-records.js';
import { type QaRecord, valueId } from '../../records/record.js';

/** What the dataset will hold. */
export interface ScanResult {
  rows: number;
  models: number;
  valueIds: number;
  /** Rows of the inputs left out because they are bad. */
  rejected: number;
  /** Rows that equal an earlier one in every field; they are kept. */
  duplicates: number;
}

export interface Scan {
  result: ScanResult;
  /** Texts of all rows. */
  table: TextTable;
  /** Texts that no row of the dataset that is added to has. */
  newTexts: number;
}

/**
 * Reads everything once before the long work begins: a bad line then ends the command at once and not after hours, and
 * the number of rows is known, which the estimate of the remaining time needs, and which texts are equal. Costs a
 * hundredth of the embedding.
 *
 * @param present records of the dataset that is added to, in order
 * @param onProgress receives the number of rows so far
 */
export async function scanRecords(
  present: AsyncIterable<QaRecord[]>,
  batches: AsyncIterable<RecordBatch>,
  onProgress: (rows: number) => void,
): Promise<Scan> {
  const models = new Set<string>();
  const valueIds = new Set<string>();
  const counter = new DuplicateCounter();
  const table = new TextTable();
  let rows = 0;
  let rejected = 0;
  const take = (records: readonly QaRecord[]): void => {
    for (const record of records) {
      models.add(record.model);
      valueIds.add(valueId(record));
      counter.add(record);
      table.add(record, rows++);
    }
    onProgress(rows);
  };
  for await (const records of present) take(records);
  const before = table.size;
  for await (const batch of batches) {
    take(batch.records);
    rejected += batch.rejected.length;
  }
  return {
    result: { rows, models: models.size, valueIds: valueIds.size, rejected, duplicates: counter.duplicates },
    table,
    newTexts: table.size - before,
  };
}
