import type { DatasetConfiguration, ShardEntry } from '../manifest.js';
import { writeColumn } from './column-files.js';
import { npyHeader } from './npy.js';
import type { ShardRecords } from './record-file.js';
import { writeWhole } from './shard-files.js';

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
  const header = npyHeader(rows, dim, dtype);
  const vectorFile = await writeWhole(dir, `${stem}.npy`, [header, ...embeddings], hint);
  const recordFile = await writeWhole(dir, `${stem}.jsonl`, records.lines, hint);
  const valueIds = await writeColumn(dir, recordFile, records.column(), hint);
  return { rows, embeddings: vectorFile, records: recordFile, valueIds };
}
