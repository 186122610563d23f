import { DuplicateCounter } from './duplicate-counter.js';
import { describeSources, type SourceFile } from './input-files.js';
import type { ReadOptions } from './read-options.js';
import { readRecords } from './read-records.js';
import { ValueIdCounts } from './value-id-counts.js';

/** What `surveyRecords` counted. */
export interface RecordSurvey {
  /** Number of usable rows. */
  rows: number;
  /** Number of bad rows; always 0 without `skipBad`. */
  rejected: number;
  /** Number of usable rows that equal an earlier one in every field. */
  duplicates: number;
  /** Number of rows by value id. */
  valueIds: Record<string, number>;
  sources: SourceFile[];
}

/**
 * Reads the inputs once and counts their rows without keeping them, so that a bad row is found before hours of
 * embedding and not after.
 *
 * @throws EngineError like {@link readRecords}
 */
export async function surveyRecords(paths: readonly string[], options?: ReadOptions): Promise<RecordSurvey> {
  const duplicates = new DuplicateCounter();
  const valueIds = new ValueIdCounts();
  let rows = 0;
  let rejected = 0;
  for await (const batch of readRecords(paths, options)) {
    rows += batch.records.length;
    rejected += batch.rejected.length;
    for (const record of batch.records) {
      duplicates.add(record);
      valueIds.add(record);
    }
  }
  const sources = await describeSources(paths, options?.format, options?.signal);
  return { rows, rejected, duplicates: duplicates.duplicates, valueIds: valueIds.toObject(), sources };
}
