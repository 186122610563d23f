import { EngineError } from '../../core/errors.js';
import type { Connect, OpenTables } from './connect.js';
import type { Database } from './database.js';
import { urlOf } from './shards/foreign-server.js';
import { partitionName, readPartitionedTable } from './shards/partitioned-table.js';
import { readEveryTable } from './shards/row-table.js';
import { describeTable, expectPgvector, sumRows, type TableDescription } from './table.js';

/**
 * Opens the table of an index, or its tables on several servers, and checks all rows.
 *
 * @param connect opens the database of another server
 * @throws EngineError `ERR_DATA`, `ERR_REMOTE` naming the server, `ERR_DEVICE_UNAVAILABLE`
 */
export async function openTables(
  database: Database,
  table: string,
  signal: AbortSignal | undefined,
  connect: Connect,
): Promise<OpenTables> {
  const { place } = database;
  const doing = `open the table "${table}" of`;
  const found = await database.transaction(doing, signal, 'BEGIN READ ONLY', async (client) => {
    const spread = await readPartitionedTable(client, table);
    if (spread) return { ...spread, user: client.user ?? '' };
    const description = await describeTable(client, table, place);
    await expectPgvector(client, place);
    return description;
  });
  if (!('servers' in found)) return { ...found, tables: [{ database, table }], ...sumRows([found.rows], table, place) };
  const databases = [database];
  for (const server of found.servers) databases.push(await connect(urlOf({ user: found.user, ...server }), 'url'));
  const tables = databases.map((each, i) => ({ database: each, table: partitionName(table, i) }));
  const described = await readEveryTable(tables, 'open', signal, async (client, part) => {
    await expectPgvector(client, part.database.place);
    return describeTable(client, part.table, part.database.place);
  });
  const other = described.findIndex((one) => one.source !== found.source || !isSameKind(one, described[0]!));
  if (other >= 0)
    throw new EngineError(
      'ERR_DATA',
      `The table "${tables[other]!.table}" of ${databases[other]!.place} holds other vectors than the table ` +
        `"${table}" of ${place}; load all with "univar index DATASET --to URL --shard URL --table ${table} ` +
        '--overwrite"',
    );
  const counts = described.map(({ rows }) => rows);
  return { tables, kind: described[0]!.kind, source: found.source, ...sumRows(counts, table, place) };
}

function isSameKind({ kind: a }: TableDescription, { kind: b }: TableDescription): boolean {
  return a.dim === b.dim && a.metric === b.metric && a.storage === b.storage;
}
