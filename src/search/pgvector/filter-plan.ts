import type { PoolClient } from 'pg';

import type { ValueFilter } from '../filters/value-filter.js';
import { filterConditions } from './filter-conditions.js';

/** How to find the rows that pass a filter. */
export type FilterPlan = { by: 'comparison' } | { by: 'graph'; maxScanTuples: number };

/**
 * A step of a walk reads a row, its links, and the rows that they lead to. Rows that are compared one by one are read
 * in the order in which they are stored. Measured with 100,000 rows of dimension 176 in memory: 24 and 2.4 µs.
 */
const COST_OF_STEP = 10;

/**
 * Chooses how to search the `matches` of `rows` that pass a filter. PostgreSQL's planner cannot: it does not know that
 * a walk goes on until enough rows have passed.
 *
 * If rows pass everywhere alike, a walk takes `candidates / (matches / rows)` steps. If those that pass are far from
 * the query, it takes many more. So it may cost as much as comparing all of them, and then these are compared.
 *
 * @param candidates rows that the walk must find at least
 */
export function planFilter(rows: number, matches: number, candidates: number): FilterPlan {
  const stepsOfComparison = matches / COST_OF_STEP;
  if (matches === 0 || (candidates * rows) / matches >= stepsOfComparison) return { by: 'comparison' };
  return { by: 'graph', maxScanTuples: Math.ceil(stepsOfComparison) };
}

/** Returns how many rows of a table a filter leaves, as estimated by PostgreSQL's statistics. */
export async function estimateMatches(client: PoolClient, table: string, filter: ValueFilter): Promise<number> {
  const values: unknown[] = [];
  const conditions = ['embedding IS NOT NULL', ...filterConditions(filter, values)].join(' AND ');
  const text = `EXPLAIN (FORMAT JSON) SELECT FROM ${table} WHERE ${conditions}`;
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(text, values);
  return rows[0]!['QUERY PLAN'][0].Plan['Plan Rows'];
}
