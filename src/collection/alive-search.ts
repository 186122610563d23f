import type { Neighbours } from '../search/exact-search.js';
import { searchIndex, type SearchableIndex } from '../search/value-identifier.js';
import type { RowTable } from './row-table.js';

/**
 * The k nearest rows that were not removed. Asks the index for more than k where rows were removed, and for twice as many
 * again as long as a query has found too few.
 *
 * @param k at most the number of rows that were not removed
 * @throws EngineError what the index throws
 */
export async function searchAlive(
  index: SearchableIndex,
  table: RowTable,
  queries: Float32Array,
  k: number,
  params: Record<string, unknown>,
): Promise<Neighbours> {
  if (table.removed === 0) return searchIndex(index, queries, k, params);
  for (let asked = Math.min(index.size, k + Math.min(k, table.removed)); ; asked = Math.min(index.size, asked * 2)) {
    const found = await searchIndex(index, queries, asked, params);
    const kept = keepAlive(found, table, k);
    if (kept.complete || asked === index.size) return kept.neighbours;
  }
}

/** `complete` is false where a larger search may find more. */
function keepAlive(found: Neighbours, table: RowTable, k: number): { neighbours: Neighbours; complete: boolean } {
  const rows = new Int32Array(found.queries * k).fill(-1);
  const distances = new Float64Array(found.queries * k).fill(Infinity);
  let complete = true;
  for (let query = 0; query < found.queries; query++) {
    let kept = 0;
    let exhausted = false;
    for (let i = query * found.k; i < (query + 1) * found.k && kept < k; i++) {
      const row = found.rows[i]!;
      if (row < 0) exhausted = true; // an IVF index has no more in the lists that it looks into
      if (!table.isAlive(row)) continue;
      rows[query * k + kept] = row;
      distances[query * k + kept] = found.distances[i]!;
      kept++;
    }
    if (kept < k && !exhausted) complete = false;
  }
  return { neighbours: { queries: found.queries, k, rows, distances }, complete };
}
