import type { PoolClient } from 'pg';

import { splitValueId } from '../../core/value-id.js';
import { type ValueFilter, wantedNames } from '../filters/value-filter.js';
import { pgNames, type TableKind } from './kind.js';
import { MAX_EF_SEARCH } from './search-options.js';

/** Returns the first statements of a search transaction. They make scans continue until enough rows pass the filter. */
export function beginSearch(k: number, efSearch: number): string {
  const candidates = Math.max(efSearch, Math.min(k, MAX_EF_SEARCH));
  return `BEGIN READ ONLY; SET LOCAL hnsw.ef_search = ${candidates}; SET LOCAL hnsw.iterative_scan = relaxed_order`;
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
  table: string,
  kind: TableKind,
  vector: Buffer,
  k: number,
  filter: ValueFilter,
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
  let found = await search(measured);
  if (found.length < k) found = await search(`(${measured}) + 0`); // an expression that cannot use the graph
  return found
    .sort((a, b) => a.measured - b.measured || a.label - b.label)
    .map(({ label, measured: value }) => ({ label, distance: kind.metric === 'ip' ? 0 - value : value * value }));
}

/** Builds the conditions of a filter and appends its names to the parameters of the query. */
function filterConditions(filter: ValueFilter, values: unknown[]): string[] {
  const parameter = (names: string[]): string => `$${values.push(names)}`;
  const conditions: string[] = [];
  const [models, langs, valueIds] = (['model', 'lang', 'valueId'] as const).map((field) => wantedNames(filter, field));
  if (models) conditions.push(`model = ANY(${parameter(models)})`);
  if (langs) conditions.push(`lang = ANY(${parameter(langs)})`);
  if (valueIds) {
    const ids = valueIds.map(splitValueId);
    const columns = [ids.map(({ model }) => model), ids.map(({ lang }) => lang)].map(parameter);
    conditions.push(`(model, lang) IN (SELECT * FROM unnest(${columns[0]}::text[], ${columns[1]}::text[]))`);
  }
  return conditions;
}
