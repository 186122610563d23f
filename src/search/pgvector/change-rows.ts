/** Changes of the rows of an index. On several servers, they take turns by a lock of the first. */
import type { PoolClient } from 'pg';

import type { CallOptions } from '../../native/call.js';
import { copyRows, labelRows } from './copy-rows.js';
import type { TableKind } from './kind.js';
import { partitionsOf } from './shards/partitioned-table.js';
import { changeEveryTable, keepAlive, type RowTable, readEveryTable } from './shards/row-table.js';
import { splitRows } from './shards/split-rows.js';
import { nextLabel, waitForName } from './table.js';
import type { VectorBatch } from './vector-batch.js';

export interface ChangedTables {
  /** Table of the index. */
  table: string;
  tables: readonly RowTable[];
  kind: TableKind;
}

/**
 * Adds one batch; all of it or nothing.
 *
 * @returns the label of the first row, and the number of rows
 */
export function addRows(
  { table, tables, kind }: ChangedTables,
  batch: VectorBatch,
  call: CallOptions,
): Promise<{ first: number; rows: number }> {
  const { signal } = call;
  return changeFirst({ table, tables }, 'add to', signal, async (client, own, others) => {
    const name = client.escapeIdentifier(own);
    await client.query(`LOCK TABLE ${name} IN SHARE ROW EXCLUSIVE MODE`);
    const nexts = await readEveryTable(others, 'add to', signal, (other, part) => nextLabel(other, part.table));
    const first = Math.max(await nextLabel(client, own), ...nexts);
    const labelled = labelRows([batch], kind, first);
    if (others.length === 0) return { first, rows: await copyRows(client, name, kind, labelled, call) };
    let rows = 0;
    for await (const added of labelled) {
      rows += added.labels.length;
      const partitions = await partitionsOf(client, table, tables.length, added.labels);
      const [mine, ...rest] = splitRows(added, partitions, tables.length);
      await copyRows(client, name, kind, [mine!], { signal });
      const adding = changeEveryTable(others, 'add to', signal, (other, part, i, stop) =>
        copyRows(other, other.escapeIdentifier(part.table), kind, [rest[i]!], { signal: stop }),
      );
      await keepAlive(client, adding);
      call.onProgress?.(rows);
    }
    return { first, rows };
  });
}

/**
 * Removes rows. Unknown labels are ignored.
 *
 * @returns the number of rows removed
 */
export function removeRows(
  { table, tables, kind }: ChangedTables,
  labels: readonly number[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const cleared = `embedding = NULL${kind.hasDigests ? ', digest = NULL' : ''}`;
  const remove = async (client: PoolClient, own: string): Promise<number> => {
    const { rowCount } = await client.query(
      `UPDATE ${client.escapeIdentifier(own)} SET ${cleared} WHERE label = ANY($1) AND embedding IS NOT NULL`,
      [labels],
    );
    return rowCount ?? 0;
  };
  return changeFirst({ table, tables }, 'remove from', signal, async (client, own, others) => {
    const mine = await remove(client, own);
    const removing = changeEveryTable(others, 'remove from', signal, (other, part) => remove(other, part.table));
    return (await keepAlive(client, removing)).reduce((sum, count) => sum + count, mine);
  });
}

/**
 * Runs `work` in a transaction on the first table, which commits after `work` has changed the others. If there are
 * others, other processes wait meanwhile: no server would notice that two changes wait for each other on two servers.
 */
function changeFirst<T>(
  { table, tables }: Pick<ChangedTables, 'table' | 'tables'>,
  verb: string,
  signal: AbortSignal | undefined,
  work: (client: PoolClient, own: string, others: readonly RowTable[]) => Promise<T>,
): Promise<T> {
  const [own, ...others] = tables as [RowTable, ...RowTable[]];
  const doing = `${verb} the table "${own.table}" of`;
  return own.database.transaction(doing, signal, 'BEGIN', async (client) => {
    if (others.length > 0) await waitForName(client, table);
    return work(client, own.table, others);
  });
}
