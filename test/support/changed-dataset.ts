import { join } from 'node:path';
import { ChangeJournal, journalBase } from '../../src/datasets/changes/change-journal.js';
import { openDataset } from '../../src/datasets/dataset.js';
import { DatasetWriter } from '../../src/datasets/dataset-writer.js';
import { CHANGES_FILE, LiveCollection } from '../../src/datasets/live/live-collection.js';
import type { QaRecord } from '../../src/records/record.js';
import { VectorIndex } from '../../src/search/vector-index.js';
import { SlowEncoder } from './slow-encoder.js';

/** An answer with its vector. */
export interface Row {
  record: QaRecord;
  vector: number[];
}

/** Writes a dataset with these rows as its shards. */
export async function writeShards(
  dir: string,
  shards: readonly (readonly Row[])[],
  dtype: 'f32' | 'f16' = 'f32',
): Promise<void> {
  const dim = shards[0]![0]!.vector.length;
  const writer = await DatasetWriter.open(dir, { encoder: { name: 'e', fingerprint: 'f', dim }, dtype });
  for (const rows of shards)
    await writer.append(
      rows.map(({ record }) => record),
      vectorsOf(rows),
    );
  await writer.finish();
}

export const vectorsOf = (rows: readonly Row[]): Float32Array =>
  Float32Array.from(rows.flatMap(({ vector }) => vector));

/** Opens a folder like `univar serve`. */
export function openLive(dir: string, options: { readOnly?: boolean; factory?: string } = {}): Promise<LiveCollection> {
  const { readOnly = false, factory = 'Flat' } = options;
  return LiveCollection.open({
    readOnly,
    open: async () => {
      const dataset = await openDataset(dir);
      const index = await VectorIndex.create({ dim: dataset.dim, metric: 'l2', factory });
      await index.add(await dataset.readEmbeddings());
      return { dataset, index, encoder: new SlowEncoder() };
    },
  });
}

/**
 * Reads the rows of a dataset with its changes applied, in order, independently of the code that serves or folds them.
 */
export async function readRows(dir: string): Promise<Row[]> {
  return (await readNumberedRows(dir)).filter((row) => row !== undefined);
}

/** Reads them by their row numbers; removed ones are undefined. See {@link readRows}. */
export async function readNumberedRows(dir: string): Promise<(Row | undefined)[]> {
  const dataset = await openDataset(dir);
  const { dim } = dataset;
  const embeddings = await dataset.readEmbeddings();
  const rows: (Row | undefined)[] = (await dataset.readRecords()).map((record, i) => ({
    record,
    vector: Array.from(embeddings.subarray(i * dim, (i + 1) * dim)),
  }));
  const journal = await ChangeJournal.open(join(dir, CHANGES_FILE), {
    base: journalBase(dataset),
    readOnly: true,
    onChanges: (changes) => {
      for (const change of changes) {
        if ('remove' in change) {
          for (const row of change.remove) if (row < rows.length) rows[row] = undefined;
        } else {
          const { records, vectors } = change.add;
          rows.push(
            ...records.map((record, i) => ({ record, vector: Array.from(vectors.subarray(i * dim, (i + 1) * dim)) })),
          );
        }
      }
    },
  });
  await journal.close();
  return rows;
}
