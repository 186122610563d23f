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

/**
 * Loads batches with COPY, in the current transaction.
 *
 * @param table table name, escaped for SQL
 * @returns the number of rows loaded
 */
export async function copyRows(
  client: PoolClient,
  table: string,
  kind: TableKind,
  firstLabel: number,
  batches: AsyncIterable<VectorBatch> | Iterable<VectorBatch>,
  { signal, onProgress }: CallOptions,
): Promise<number> {
  const { from: copyFrom } = await importOptional(OPTIONAL_FEATURES.postgres, () => import('pg-copy-streams'));
  let rows = 0;
  async function* labelled(): AsyncGenerator<LabelledRows> {
    for await (const batch of batches) {
      const { vectors, valueIds } = expectObject(batch, 'batch') as unknown as VectorBatch;
      const count = expectTableVectors(vectors, 'vectors', kind);
      if (valueIds !== undefined && expectStrings(valueIds, 'valueIds').length !== count)
        fail('ERR_SHAPE_MISMATCH', `${count} entries, one per row,`, 'valueIds', valueIds);
      yield { vectors, valueIds, firstLabel: firstLabel + rows };
      rows += count;
    }
  }
  const columns = `label, model, lang, embedding${kind.hasDigests ? ', digest' : ''}`;
  const copy = client.query(copyFrom(`COPY ${table} (${columns}) FROM STDIN (FORMAT binary)`));
  const chunks = Readable.from(copyBytes(labelled(), kind, (done) => onProgress?.(done)));
  await pipeline(chunks, copy, { signal });
  return rows;
}
