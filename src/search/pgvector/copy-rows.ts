import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { PoolClient } from 'pg';

import { OPTIONAL_FEATURES } from '../../core/optional-features.js';
import { importOptional } from '../../core/optional-package.js';
import { expectObject, expectStrings, fail } from '../../core/validate.js';
import type { CallOptions } from '../../native/call.js';
import type { TableKind } from './kind.js';
import { expectTableVectors, type VectorBatch } from './vector-batch.js';
import { copyBytes, type LabelledRows } from './vector-bytes.js';

/** Checks batches, and gives their rows the labels from `firstLabel` on. */
export async function* labelRows(
  batches: AsyncIterable<VectorBatch> | Iterable<VectorBatch>,
  kind: TableKind,
  firstLabel: number,
): AsyncGenerator<LabelledRows> {
  let next = firstLabel;
  for await (const batch of batches) {
    const { vectors, valueIds } = expectObject(batch, 'batch') as unknown as VectorBatch;
    const count = expectTableVectors(vectors, 'vectors', kind);
    if (valueIds !== undefined && expectStrings(valueIds, 'valueIds').length !== count)
      fail('ERR_SHAPE_MISMATCH', `${count} entries, one per row,`, 'valueIds', valueIds);
    const first = next;
    yield { vectors, valueIds, labels: Int32Array.from({ length: count }, (_, i) => first + i) };
    next += count;
  }
}

/**
 * Loads rows with COPY, in the current transaction. `onProgress` receives the number of rows loaded.
 *
 * @param table table name, escaped for SQL
 * @returns the number of rows loaded
 */
export async function copyRows(
  client: PoolClient,
  table: string,
  kind: TableKind,
  rows: AsyncIterable<LabelledRows> | Iterable<LabelledRows>,
  { signal, onProgress }: CallOptions,
): Promise<number> {
  const { from: copyFrom } = await importOptional(OPTIONAL_FEATURES.postgres, () => import('pg-copy-streams'));
  let loaded = 0;
  const columns = `label, model, lang, embedding${kind.hasDigests ? ', digest' : ''}`;
  const copy = client.query(copyFrom(`COPY ${table} (${columns}) FROM STDIN (FORMAT binary)`));
  const onRows = (done: number): void => {
    loaded = done;
    onProgress?.(done);
  };
  await pipeline(Readable.from(copyBytes(rows, kind, onRows)), copy, { signal });
  return loaded;
}
