/**
 * The table of an index whose rows are spread over several servers: partitioned by the hash of the label. Partition 0
 * is a table of the same server, the coordinator, and the others are foreign tables.
 */
import type { PoolClient } from 'pg';

import { EngineError } from '../../../core/errors.js';
import { pgNames, type TableKind } from '../kind.js';
import { columnsOf, commentOf, lockName, MARK, sourceIn } from '../table.js';
import {
  expectPostgresFdw,
  makeForeignServer,
  mapUser,
  type ServerAddress,
  type ServerLogin,
} from './foreign-server.js';

/** A server as the loading process found it. */
export interface Shard extends ServerLogin {
  /** Schema of its table. */
  schema: string;
}

export interface PartitionedTable {
  /** Source of the vectors. */
  source: string | undefined;
  /** Servers of the partitions from 1 on. Without a user, the coordinator has no account for the current user there. */
  servers: (ServerAddress & Partial<ServerLogin>)[];
}

/** Name of the table of a partition, on its server. */
export function partitionName(table: string, partition: number): string {
  return `${table}_${partition}`;
}

/**
 * Creates a partitioned table without its partition 0, in the current transaction; or checks that the one to overwrite
 * has the same servers and vectors.
 *
 * @throws EngineError `ERR_BUSY`, `ERR_DATA`, `ERR_DEVICE_UNAVAILABLE`
 */
export async function makePartitionedTable(
  client: PoolClient,
  {
    table,
    place,
    kind,
    source,
    overwrite,
    shards,
  }: {
    table: string;
    place: string;
    kind: TableKind;
    source: string;
    overwrite: boolean;
    shards: readonly Shard[];
  },
): Promise<void> {
  const where = `The table "${table}" of ${place}`;
  const name = client.escapeIdentifier(table);
  const type = `${pgNames(kind).type}(${kind.dim})`;
  await lockName(client, table, where);
  if ((await commentOf(client, table)) === undefined) {
    await expectPostgresFdw(client, place);
    const columns = `label integer, model text, lang text, embedding ${type}, digest bigint`;
    await client.query(`CREATE TABLE ${name} (${columns}) PARTITION BY HASH (label)`);
    for (const [i, shard] of shards.entries()) {
      const part = partitionName(table, i + 1);
      await makeForeignServer(client, part, shard);
      await client.query(
        `CREATE FOREIGN TABLE ${client.escapeIdentifier(part)} PARTITION OF ${name} ` +
          `FOR VALUES WITH (MODULUS ${shards.length + 1}, REMAINDER ${i + 1}) ` +
          `SERVER ${client.escapeIdentifier(part)} ` +
          `OPTIONS (schema_name ${client.escapeLiteral(shard.schema)}, table_name ${client.escapeLiteral(part)})`,
      );
    }
  } else {
    await expectSameLayout(client, table, where, { type, overwrite, shards });
    for (const [i, shard] of shards.entries()) await mapUser(client, partitionName(table, i + 1), shard);
  }
  await client.query(`COMMENT ON TABLE ${name} IS ${client.escapeLiteral(`${MARK}${source && ` of ${source}`}`)}`);
}

async function expectSameLayout(
  client: PoolClient,
  table: string,
  where: string,
  { type, overwrite, shards }: { type: string; overwrite: boolean; shards: readonly Shard[] },
): Promise<void> {
  const older = await readPartitionedTable(client, table);
  const other = { remedies: [{ text: 'choose another name' }, { text: 'drop it' }] };
  if (!older) throw new EngineError('ERR_DATA', `${where} already exists, on one server`, other);
  if (!overwrite)
    throw new EngineError('ERR_DATA', `${where} already exists`, {
      remedies: [{ text: 'choose another name' }, { text: 'replace it', option: { name: 'overwrite', value: true } }],
    });
  const list = (servers: readonly ServerAddress[]): string =>
    servers.map(({ host, port, dbname }) => `"${dbname}" at ${host}:${port}`).join(', ');
  if (list(older.servers) !== list(shards))
    throw new EngineError('ERR_DATA', `${where} is spread over other servers: ${list(older.servers)}`, other);
  const columns = await columnsOf(client, table);
  if (columns?.type !== type)
    throw new EngineError(
      'ERR_DATA',
      `${where} is spread over several servers, and has vectors of another type`,
      other,
    );
}

/** Makes the loaded table of partition 0 a partition, unless it is one already. */
export async function attachOwnPartition(client: PoolClient, table: string, partitions: number): Promise<void> {
  const [name, part] = [table, partitionName(table, 0)].map((one) => client.escapeIdentifier(one));
  const { rows } = await client.query('SELECT FROM pg_inherits WHERE inhrelid = to_regclass($1)', [part]);
  if (rows.length > 0) return;
  await client.query(
    `ALTER TABLE ${name} ATTACH PARTITION ${part} FOR VALUES WITH (MODULUS ${partitions}, REMAINDER 0)`,
  );
}

/**
 * Reads the servers of a partitioned table.
 *
 * @returns undefined if the table does not exist, or is on one server
 */
export async function readPartitionedTable(client: PoolClient, table: string): Promise<PartitionedTable | undefined> {
  const parent = client.escapeIdentifier(table);
  const { rows: found } = await client.query(`SELECT FROM pg_class WHERE oid = to_regclass($1) AND relkind = 'p'`, [
    parent,
  ]);
  const comment = await commentOf(client, table);
  if (found.length === 0 || !comment?.startsWith(MARK)) return undefined;
  const { rows } = await client.query<{ address: string[]; login: string[] | null }>(
    `SELECT s.srvoptions AS address, m.umoptions AS login
     FROM pg_inherits i JOIN pg_foreign_table t ON t.ftrelid = i.inhrelid
       JOIN pg_foreign_server s ON s.oid = t.ftserver
       LEFT JOIN pg_user_mappings m ON m.srvid = s.oid AND m.usename = current_user
     WHERE i.inhparent = to_regclass($1)
     ORDER BY (regexp_match(s.srvname, '_(\\d+)$'))[1]::integer`,
    [parent],
  );
  const servers = rows.map(
    ({ address, login }) => optionsOf([...address, ...(login ?? [])]) as unknown as PartitionedTable['servers'][number],
  );
  return { source: sourceIn(comment), servers };
}

/** Reads options of the catalog, `name=value`. */
function optionsOf(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(list.map((option) => [option.split('=', 1)[0]!, option.slice(option.indexOf('=') + 1)]));
}

/**
 * Asks the server which partition holds each label.
 *
 * @returns the number of the partition of each label
 */
export async function partitionsOf(
  client: PoolClient,
  table: string,
  partitions: number,
  labels: Int32Array,
): Promise<Uint8Array> {
  const first = labels[0] ?? 0;
  const { rows } = await client.query<{ partitions: Buffer | null }>(
    `SELECT string_agg(set_byte('\\x00'::bytea, 0, p), ''::bytea ORDER BY label) AS partitions
     FROM generate_series($2::integer, $3::integer) label, generate_series(0, $4::integer - 1) p
     WHERE satisfies_hash_partition($1::regclass, $4::integer, p, label)`,
    [client.escapeIdentifier(table), first, first + labels.length - 1, partitions],
  );
  return rows[0]!.partitions ?? new Uint8Array();
}
