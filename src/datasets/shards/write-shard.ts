import { join } from 'node:path';

import { mapInGroups } from '../../core/map-in-groups.js';
import { replaceFile } from '../../core/replace-file.js';
import type { DatasetConfiguration, ShardEntry } from '../manifest.js';
import { newColumnFile } from './column-files.js';
import { npyHeader } from './npy.js';
import type { ShardRecords } from './record-file.js';
import { describeFile } from './shard-files.js';

export interface NewShard {
  /** Path of the files within the dataset folder, without extensions. */
  stem: string;
  form: Pick<DatasetConfiguration, 'dim' | 'dtype'>;
  records: ShardRecords;
  /** Stored bytes of the [records.rows, dim] embeddings, in chunks. */
  embeddings: readonly Uint8Array[];
  /** Text for the error message of a failure. */
  hint?: string;
}

/**
 * Writes the files of a shard. Each file appears under its name once it is complete.
 *
 * @throws EngineError `ERR_IO`
 */
export async function writeShard(
  dir: string,
  { stem, form: { dim, dtype }, records, embeddings, hint }: NewShard,
): Promise<ShardEntry> {
  const { rows } = records;
  const vectorFile = { file: `${stem}.npy`, parts: [npyHeader(rows, dim, dtype), ...embeddings] };
  const recordFile = { file: `${stem}.jsonl`, parts: records.lines };
  const recordEntry = describeFile(recordFile);
  const columnFile = newColumnFile(recordEntry, records.column());
  // At the same time, because each file waits several times for the disk.
  const files = [vectorFile, recordFile, columnFile];
  await mapInGroups(files, files.length, ({ file, parts }) => replaceFile(join(dir, file), parts, hint));
  return {
    rows,
    embeddings: describeFile(vectorFile),
    records: recordEntry,
    valueIds: describeFile(columnFile),
  };
}
