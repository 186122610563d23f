import type { PoolClient } from 'pg';

import type { ValueFilter } from '../filters/value-filter.js';
import { filterConditions } from './filter-conditions.js';
import { estimateMatches, type FilterPlan, planFilter } from './filter-plan.js';
import { pgNames, type TableKind } from './kind.js';
import { MAX_EF_SEARCH } from './search-options.js';

const candidatesOf = (k: number, efSearch: number): number => Math.max(efSearch, Math.min(k, MAX_EF_SEARCH));

/** Returns the first statements of a search transaction. They make scans continue until enough rows pass the filter. */
export function beginSearch(k: number, efSearch: number): string {
  return (
    `BEGIN READ ONLY; SET LOCAL hnsw.ef_search = ${candidatesOf(k, efSearch)}; ` +
    'SET LOCAL hnsw.iterative_scan = relaxed_order'
  );
}

export interface NearestRows {
  /** Name of the table, quoted. */
  table: string;
  /** Rows of the table, about. */
  rows: number;
  kind: TableKind;
  k: number;
  filter: ValueFilter;
}

/** Chooses how the searches of a transaction find the rows that pass a filter, and limits their walks accordingly. */
export async function prepareFilter(
  client: PoolClient,
  { table, rows, filter, k }: NearestRows,
  efSearch: number,
): Promise<FilterPlan['by']> {
  if (filterConditions(filter, []).length === 0) return 'graph';
  const matches = await estimateMatches(client, table, filter);
  const plan = planFilter(rows, matches, candidatesOf(k, efSearch));
  if (plan.by === 'graph') await client.query(`SET LOCAL hnsw.max_scan_tuples = ${plan.maxScanTuples}`);
  return plan.by;
}

export interface FoundRow {
  label: number;
  /** Inner product or squared distance. */
  distance: number;
}

/**
 * Finds the k nearest rows of one query, best first; ties go to the smaller label. An iterative scan stops after a
 * number of rows (`hnsw.max_scan_tuples`) or bytes. If it has found too few by then, all rows are compared.
 */
export async function nearestRows(
  client: PoolClient,
  { table, kind, k, filter }: NearestRows,
  by: FilterPlan['by'],
  vector: Buffer,
): Promise<FoundRow[]> {
  const { type, operator } = pgNames(kind);
  const values: unknown[] = [vector];
  const conditions = ['embedding IS NOT NULL', ...filterConditions(filter, values)];
  const measured = `embedding ${operator} $1::${type}`;
  const search = async (order: string): Promise<{ label: number; measured: number }[]> => {
    const text =
      `SELECT label, ${measured} AS measured FROM ${table} ` +
      `WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ${k}`;
    return (await client.query<{ label: number; measured: number }>(text, values)).rows;
  };
  let found = by === 'graph' ? await search(measured) : [];
  if (found.length < k) found = await search(`(${measured}) + 0`); // an expression that cannot use the graph
  return found
    .sort((a, b) => a.measured - b.measured || a.label - b.label)
    .map(({ label, measured: value }) => ({ label, distance: kind.metric === 'ip' ? 0 - value : value * value }));
}
