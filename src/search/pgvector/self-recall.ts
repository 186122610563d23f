import type { IndexMetric } from '../../native/metrics.js';
import type { SearchResult } from '../../native/search-result.js';
import { type RowTable, readEveryTable } from './shards/row-table.js';

/** Rounding of float32 sums, as a share. */
const TOLERANCE = 1e-5;

export interface SampledRows {
  labels: Int32Array;
  /** [labels.length, dim] */
  vectors: Float32Array;
}

/** Reads up to `count` of the `rows` vectors of an index, evenly spaced by label, without those that were removed. */
export async function sampleRows(
  tables: readonly RowTable[],
  rows: number,
  count: number,
  signal: AbortSignal | undefined,
): Promise<SampledRows> {
  const wanted = Array.from({ length: Math.min(count, rows) }, (_, i) =>
    Math.floor((i * rows) / Math.min(count, rows)),
  );
  const found = await readEveryTable(tables, 'sample', signal, async (client, { table }) => {
    const { rows: own } = await client.query<{ label: number; vector: number[] }>(
      `SELECT label, embedding::real[] AS vector FROM ${client.escapeIdentifier(table)} ` +
        'WHERE label = ANY($1) AND embedding IS NOT NULL',
      [wanted],
    );
    return own;
  });
  const sample = found.flat();
  return {
    labels: Int32Array.from(sample, ({ label }) => label),
    vectors: Float32Array.from(sample.flatMap(({ vector }) => vector)),
  };
}

/** Returns the share of rows that found themselves, or something as near, by a search for the one nearest row. */
export function shareFound({ labels, vectors }: SampledRows, found: SearchResult, metric: IndexMetric): number {
  if (labels.length === 0) return 1;
  const dim = vectors.length / labels.length;
  let count = 0;
  for (const [i, label] of labels.entries()) {
    const own = vectors.subarray(i * dim, (i + 1) * dim);
    const square = own.reduce((sum, entry) => sum + entry * entry, 0);
    const distance = found.distances[i]!;
    const isAsNear = metric === 'ip' ? distance >= square * (1 - TOLERANCE) : distance <= square * TOLERANCE;
    if (found.labels[i] === label || (found.labels[i]! >= 0 && isAsNear)) count++;
  }
  return count / labels.length;
}
