import { EngineError } from '../../core/errors.js';
import type { CallOptions } from '../../native/call.js';
import { copyRows, labelRows } from './copy-rows.js';
import type { Database } from './database.js';
import type { NewTableKind } from './kind.js';
import {
  attachOwnPartition,
  makePartitionedTable,
  partitionName,
  partitionsOf,
  readPartitionedTable,
  type Shard,
} from './shards/partitioned-table.js';
import { changeEveryTable, keepAlive, type RowTable } from './shards/row-table.js';
import { distribute, splitRows } from './shards/split-rows.js';
import { expectPgvector, lockName, makeTable } from './table.js';
import type { VectorBatch } from './vector-batch.js';

export interface NewTable {
  table: string;
  kind: NewTableKind;
  /** Source of the vectors; '' for none. */
  source: string;
  overwrite: boolean;
}

export interface LoadedTables {
  tables: RowTable[];
  rows: number;
}

type Batches = AsyncIterable<VectorBatch> | Iterable<VectorBatch>;

/** Loads vectors into one table and builds its graph, in one transaction. */
export async function loadTable(
  database: Database,
  wanted: NewTable,
  batches: Batches,
  call: CallOptions,
): Promise<LoadedTables> {
  const { table, kind } = wanted;
  const { place } = database;
  const rows = await database.transaction(`load the table "${table}" of`, call.signal, 'BEGIN', async (client) => {
    if (await readPartitionedTable(client, table))
      throw new EngineError('ERR_DATA', `The table "${table}" of ${place} is spread over several servers`, {
        remedies: [{ text: 'name the other servers (--shard)' }, { text: 'choose another name' }],
      });
    await expectPgvector(client, place);
    let loaded = 0;
    await makeTable(client, { ...wanted, place }, async (loading) => {
      loaded = await copyRows(client, loading, kind, labelRows(batches, kind, 0), call);
    });
    return loaded;
  });
  return { tables: [{ database, table }], rows };
}

/**
 * Loads vectors into a table that is spread over several servers by the hash of the label, all servers at the same
 * time. Every server loads its own table and builds its own graph in one transaction; the partitioned table appears
 * after all of them have committed.
 */
export async function loadShards(
  coordinator: Database,
  shards: readonly Database[],
  wanted: NewTable,
  batches: Batches,
  call: CallOptions,
): Promise<LoadedTables> {
  const { table, kind } = wanted;
  const databases = [coordinator, ...shards];
  const [, ...logins] = await inspectServers(databases, table, call.signal);
  const tables = databases.map((database, i) => ({ database, table: partitionName(table, i) }));
  const { place } = coordinator;
  const doing = `load the table "${table}" of`;
  const rows = await coordinator.transaction(doing, call.signal, 'BEGIN', async (client) => {
    await makePartitionedTable(client, { ...wanted, place, shards: logins });
    const split = async (batch: Parameters<typeof splitRows>[0]): Promise<ReturnType<typeof splitRows>> =>
      splitRows(batch, await partitionsOf(client, table, tables.length, batch.labels), tables.length);
    const { readers, stop } = distribute(labelRows(batches, kind, 0), tables.length, split);
    const loaded = tables.map(() => 0);
    const sum = (): number => loaded.reduce((total, count) => total + count, 0);
    const halt = new AbortController();
    const halted = call.signal ? AbortSignal.any([call.signal, halt.signal]) : halt.signal;
    const loading = changeEveryTable(tables, 'load', halted, async (own, part, i, signal) => {
      const onProgress = (done: number): void => {
        loaded[i] = done;
        call.onProgress?.(sum());
      };
      const at = { ...wanted, table: part.table, place: part.database.place };
      await makeTable(own, at, async (name) => {
        await copyRows(own, name, kind, readers[i]!, { signal, onProgress });
      });
    });
    try {
      await keepAlive(client, loading);
    } finally {
      stop();
      halt.abort(); // if only the connection of this transaction was lost
      await loading.catch(() => undefined);
    }
    await attachOwnPartition(client, table, tables.length);
    return sum();
  });
  return { tables, rows };
}

/**
 * Connects to all servers before anything changes, and makes sure that they have pgvector, and that no two URLs name
 * the same database: the second would wait for the first.
 */
function inspectServers(
  databases: readonly Database[],
  table: string,
  signal: AbortSignal | undefined,
): Promise<Shard[]> {
  const parts = databases.map((database) => ({ database, table }));
  return changeEveryTable(parts, 'load', signal, async (client, { database: { place, sslmode } }) => {
    await lockName(client, table, `Two URLs name the same database, or the table "${table}" of ${place}`);
    await expectPgvector(client, place);
    const { rows } = await client.query<{ schema: string }>('SELECT current_schema() AS schema');
    const { host, port, database = '', user = '', password } = client;
    return {
      ...{ host, port: String(port), dbname: database, user, schema: rows[0]!.schema },
      ...(sslmode && { sslmode }),
      ...(password && { password }),
    };
  });
}
