import type { PoolClient } from 'pg';

import type { CallOptions } from '../../native/call.js';
import { expectInteger, expectOptions, expectStrings } from '../../native/validate.js';
import { resolveCallOptions } from '../index-params.js';
import { pgNames, type TableKind } from './kind.js';

const DEFAULT_EF_SEARCH = 128;
/** pgvector's limit. */
const MAX_EF_SEARCH = 1000;

export interface PgSearchParams extends CallOptions {
  /**
   * Candidates that the walk through the graph keeps, from 1 to 1,000; never fewer than `k`, up to 1,000. @default 128
   */
  efSearch?: number;
  /** Only vectors of these models. */
  models?: readonly string[];
  /** Only vectors of answers in these languages. */
  langs?: readonly string[];
}

export interface RowFilter {
  models: readonly string[] | undefined;
  langs: readonly string[] | undefined;
}

export function resolvePgSearchParams(params: PgSearchParams | undefined): {
  filter: RowFilter;
  efSearch: number;
  call: CallOptions;
} {
  const { efSearch, models, langs, signal, onProgress } = expectOptions(params, 'params', [
    'efSearch',
    'models',
    'langs',
    'signal',
    'onProgress',
  ]);
  return {
    filter: {
      models: models === undefined ? undefined : expectStrings(models, 'models'),
      langs: langs === undefined ? undefined : expectStrings(langs, 'langs'),
    },
    efSearch: expectInteger(efSearch ?? DEFAULT_EF_SEARCH, 'efSearch', 1, MAX_EF_SEARCH),
    call: resolveCallOptions(signal, onProgress),
  };
}

/** The start of a transaction that searches: scans go on until enough rows have passed the filter. */
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
 * The k nearest rows of one query, best first, ties by smaller label. An iterative scan ends after some number of rows
 * (`hnsw.max_scan_tuples`) or of bytes; where it has found too few by then, all rows are looked at.
 */
export async function nearestRows(
  client: PoolClient,
  table: string,
  kind: TableKind,
  vector: Buffer,
  k: number,
  { models, langs }: RowFilter,
): Promise<FoundRow[]> {
  const { type, operator } = pgNames(kind);
  const values: unknown[] = [vector];
  const conditions = ['embedding IS NOT NULL'];
  if (models) conditions.push(`model = ANY($${values.push(models)})`);
  if (langs) conditions.push(`lang = ANY($${values.push(langs)})`);
  const measured = `embedding ${operator} $1::${type}`;
  const search = async (order: string): Promise<{ label: number; measured: number }[]> => {
    const text = `SELECT label, ${measured} AS measured FROM ${table} WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ${k}`;
    return (await client.query<{ label: number; measured: number }>(text, values)).rows;
  };
  let found = await search(measured);
  if (found.length < k) found = await search(`(${measured}) + 0`); // an order that the graph does not have
  return found
    .sort((a, b) => a.measured - b.measured || a.label - b.label)
    .map(({ label, measured: value }) => ({ label, distance: kind.metric === 'ip' ? 0 - value : value * value }));
}
