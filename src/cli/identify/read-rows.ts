import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { ReadOptions } from '../../records/read-options.js';
import { readRecords } from '../../records/read-records.js';
import type { QaRecord } from '../../records/record.js';
import { SkippedRows } from '../skipped-rows.js';

/**
 * Reads all rows of a file. They need only an answer, because its author is what is looked for.
 *
 * @param source a file, or a stream, which is stored in a temporary file first: Parquet is not read in order
 * @throws EngineError like {@link readRecords}
 */
export async function readRows(
  source: string | Readable,
  { columns, format, skipBad, languages }: Pick<ReadOptions, 'columns' | 'format' | 'skipBad' | 'languages'>,
  log: (text: string) => void,
): Promise<QaRecord[]> {
  if (typeof source !== 'string') {
    const folder = await mkdtemp(join(tmpdir(), 'univar-'));
    try {
      const file = join(folder, 'standard-input');
      await pipeline(source, createWriteStream(file));
      return await readRows(file, { columns, format, skipBad, languages }, log);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  const records: QaRecord[] = [];
  const skipped = new SkippedRows();
  const options: ReadOptions = { columns, format, skipBad, languages, optional: ['question', 'model', 'lang'] };
  for await (const batch of readRecords([source], options)) {
    records.push(...batch.records);
    skipped.add(batch.rejected);
  }
  const note = skipped.describe();
  if (note) log(note);
  return records;
}
