import type { CallOptions } from '../../native/call.js';
import { allocateSearchResult, MAX_FLOAT32, type SearchResult } from '../../native/search-result.js';
import type { ValueFilter } from '../filters/value-filter.js';
import { mergeResults } from '../merge-results.js';
import type { TableKind } from './kind.js';
import { beginSearch, nearestRows, prepareFilter } from './nearest-rows.js';
import type { RowTable } from './shards/row-table.js';

export interface TableSearch {
  kind: TableKind;
  /** Rows of each table, about: the hash of the label spreads them evenly. */
  rows: number;
  /** The queries as parameters. */
  vectors: readonly Buffer[];
  k: number;
  filter: ValueFilter;
  efSearch: number;
  /** Connections that share the queries, for each table. */
  connections: number;
  /** `onProgress` receives the number of queries done in all tables. */
  call: CallOptions;
}

/**
 * Searches all tables of an index at the same time, each by its own graph, and merges their results. A failure in one
 * stops the searches of the others.
 */
export async function searchTables(tables: readonly RowTable[], search: TableSearch): Promise<SearchResult> {
  const { vectors, k, kind, call } = search;
  const cursors = tables.map(() => ({ next: 0, done: 0 }));
  const stop = (): void => {
    for (const cursor of cursors) cursor.next = vectors.length;
  };
  const report = (): void => call.onProgress?.(Math.min(...cursors.map(({ done }) => done)));
  const searches = tables.map((table, i) => searchTable(table, search, cursors[i]!, stop, report));
  const settled = await Promise.allSettled(searches);
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  const found = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  return found.length === 1 ? found[0]! : mergeResults(found, k, kind.metric);
}

interface Cursor {
  /** The next query that no connection has taken. */
  next: number;
  done: number;
}

async function searchTable(
  { database, table }: RowTable,
  { kind, rows, vectors, k, filter, efSearch, connections, call }: TableSearch,
  cursor: Cursor,
  stop: () => void,
  report: () => void,
): Promise<SearchResult> {
  const result = allocateSearchResult(vectors.length, k);
  const labels = result.labels.fill(-1);
  const distances = result.distances.fill(kind.metric === 'ip' ? -MAX_FLOAT32 : MAX_FLOAT32);
  const searchSome = (): Promise<void> =>
    database.transaction(`search the table "${table}" of`, call.signal, beginSearch(k, efSearch), async (client) => {
      const wanted = { table: client.escapeIdentifier(table), rows, kind, k, filter };
      const by = await prepareFilter(client, wanted, efSearch);
      while (cursor.next < vectors.length) {
        const query = cursor.next++;
        const found = await nearestRows(client, wanted, by, vectors[query]!);
        found.forEach(({ label, distance }, i) => {
          labels[query * k + i] = label;
          distances[query * k + i] = distance;
        });
        cursor.done++;
        report();
      }
    });
  const searches = Array.from({ length: Math.min(vectors.length, connections) }, () =>
    searchSome().catch((error: unknown) => {
      stop();
      throw error;
    }),
  );
  const failed = (await Promise.allSettled(searches)).find((search) => search.status === 'rejected');
  if (failed) throw failed.reason;
  return result;
}
