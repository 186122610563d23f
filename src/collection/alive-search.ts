import type { Neighbours } from '../search/exact-search.js';
import { hasRow } from '../search/row-bitmap.js';
import { searchIndex, type SearchableIndex } from '../search/value-identifier.js';

/**
 * The k nearest of the rows that may be found. Asks the index for more than k, and for twice as many again as long as a
 * query has found too few.
 *
 * @param k at most the number of rows that may be found
 * @throws EngineError what the index throws
 */
export async function searchAllowed(
  index: SearchableIndex,
  allowed: Uint8Array,
  queries: Float32Array,
  k: number,
  params: Record<string, unknown>,
): Promise<Neighbours> {
  for (let asked = Math.min(index.size, 2 * k); ; asked = Math.min(index.size, asked * 2)) {
    const found = await searchIndex(index, queries, asked, params);
    const kept = keepAllowed(found, allowed, k);
    if (kept.complete || asked === index.size) return kept.neighbours;
  }
}

/** `complete` is false where a larger search may find more. */
function keepAllowed(found: Neighbours, allowed: Uint8Array, k: number): { neighbours: Neighbours; complete: boolean } {
  const rows = new Int32Array(found.queries * k).fill(-1);
  const distances = new Float64Array(found.queries * k).fill(Infinity);
  let complete = true;
  for (let query = 0; query < found.queries; query++) {
    let kept = 0;
    let exhausted = false;
    for (let i = query * found.k; i < (query + 1) * found.k && kept < k; i++) {
      const row = found.rows[i]!;
      if (row < 0) exhausted = true; // an IVF index has no more in the lists that it looks into
      if (!hasRow(allowed, row)) continue;
      rows[query * k + kept] = row;
      distances[query * k + kept] = found.distances[i]!;
      kept++;
    }
    if (kept < k && !exhausted) complete = false;
  }
  return { neighbours: { queries: found.queries, k, rows, distances }, complete };
}
