/** The table of an index: one row per vector, with its label, and an HNSW graph over all vectors. */
import type { PoolClient } from 'pg';

import { EngineError } from '../../core/errors.js';
import { expectString, fail } from '../../core/validate.js';
import { type NewTableKind, pgNames, type TableKind } from './kind.js';
import { digestExpression, ENTRY_BYTES } from './vector-bytes.js';

/** Prefix of the comment on tables that this package creates. The source of the vectors follows. */
export const MARK = 'univar index';
const LEAST_PGVECTOR = [0, 8];
/**
 * Vectors of up to this size fit into a page of 8 KiB together with their names. The planner ignores the cost of
 * reading values stored outside the row (TOAST), and would then scan all rows instead of using the graph.
 */
const MAX_INLINE_BYTES = 7600;

/** A table, as far as its rows do not depend on those of other tables. */
export interface TableDescription {
  kind: TableKind;
  /** Source of the vectors, as given when the table was created. */
  source: string | undefined;
  rows: RowCounts;
}

export interface RowCounts {
  /** Rows in the table. */
  present: number;
  /** The largest label + 1. */
  next: number;
  /** Rows without a vector. */
  removed: number;
  /** Rows that do not match their digests. */
  edited: number;
}

/** Accepts only plain names, which look the same in messages, in SQL and in psql. */
export function expectTableName(value: unknown): string {
  const name = expectString(value, 'table');
  if (!/^[a-z_][a-z0-9_]{0,49}$/.test(name))
    fail('ERR_ARG_RANGE', 'a name of up to 50 lower-case letters, digits and "_"', 'table', name);
  return name;
}

/** Makes sure that the database has pgvector 0.8 or later, whose scans continue until enough rows pass a filter. */
export async function expectPgvector(client: PoolClient, place: string): Promise<void> {
  const version = async (): Promise<string | undefined> =>
    (await client.query<{ version: string }>(`SELECT extversion AS version FROM pg_extension WHERE extname = 'vector'`))
      .rows[0]?.version;
  let found = await version();
  if (found === undefined) {
    try {
      await client.query('CREATE EXTENSION vector');
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EngineError(
        'ERR_DEVICE_UNAVAILABLE',
        `pgvector is not available in ${place}: ${reason}. Install it on the server ` +
          '(Debian: postgresql-17-pgvector) and run CREATE EXTENSION vector',
        { cause },
      );
    }
    found = await version();
  }
  const [major = 0, minor = 0] = (found ?? '').split('.').map(Number);
  if (major > LEAST_PGVECTOR[0]! || (major === LEAST_PGVECTOR[0] && minor >= LEAST_PGVECTOR[1]!)) return;
  throw new EngineError(
    'ERR_DEVICE_UNAVAILABLE',
    `pgvector ${found} in ${place} is too old: version ${LEAST_PGVECTOR.join('.')} or later is needed. ` +
      'Install it on the server and run ALTER EXTENSION vector UPDATE',
  );
}

/**
 * Creates a table in the current transaction, lets `fill` load it, and only then builds the graph, which is faster than
 * inserting into an existing graph. With `overwrite`, an older table stays, with its grants, views and settings, and
 * gets other rows; searches find the older rows until the transaction commits.
 *
 * @param fill receives the name of the table, escaped for SQL
 * @throws EngineError `ERR_BUSY` while another call loads the same table, `ERR_DATA` if it already exists
 */
export async function makeTable(
  client: PoolClient,
  {
    table,
    place,
    kind,
    source,
    overwrite,
  }: { table: string; place: string; kind: NewTableKind; source: string; overwrite: boolean },
  fill: (table: string) => Promise<void>,
): Promise<void> {
  const where = `The table "${table}" of ${place}`;
  await lockName(client, table, where);
  const older = await commentOf(client, table);
  const columns = await columnsOf(client, table);
  if (older !== undefined && !(columns && older.startsWith(MARK)))
    throw new EngineError('ERR_DATA', `${where} already exists and is not a univar index; choose another name`);
  if (older !== undefined && !overwrite)
    throw new EngineError('ERR_DATA', `${where} already exists`, {
      remedies: [{ text: 'choose another name' }, { text: 'replace it', option: { name: 'overwrite', value: true } }],
    });

  const name = client.escapeIdentifier(table);
  const graphs = columns ? await emptyTable(client, table, columns, kind) : [];
  if (!columns) await createTable(client, name, kind);
  await client.query(`COMMENT ON TABLE ${name} IS ${client.escapeLiteral(`${MARK}${source && ` of ${source}`}`)}`);
  await fill(name);
  if (!columns) await client.query(`CREATE INDEX ON ${name} (model, lang)`);
  if (!graphs.some((graph) => isGraphOf(graph, kind))) await createGraph(client, name, kind);
  for (const graph of graphs)
    if (!isGraphOf(graph, kind)) await client.query(`DROP INDEX ${client.escapeIdentifier(graph.name)}`);
  await client.query(`ANALYZE ${name}`);
}

/** Waits until nobody loads or changes the tables of an index, and makes others wait until the transaction ends. */
export async function waitForName(client: PoolClient, table: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`${MARK} ${table}`]);
}

/** Makes other loads of a table fail until the transaction ends. @throws EngineError `ERR_BUSY` */
export async function lockName(client: PoolClient, table: string, where: string): Promise<void> {
  const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_xact_lock(hashtext($1)) AS locked', [
    `${MARK} ${table}`,
  ]);
  if (!rows[0]!.locked) throw new EngineError('ERR_BUSY', `${where} is being loaded by another process`);
}

async function createTable(client: PoolClient, name: string, kind: NewTableKind): Promise<void> {
  await client.query(
    `CREATE TABLE ${name} (label integer PRIMARY KEY, model text, lang text, ` +
      `embedding ${pgNames(kind).type}(${kind.dim}), digest bigint)`,
  );
  await storeInline(client, name, kind);
}

/**
 * Deletes all rows of a table and makes it fit vectors of `kind`. If their type is another, searches wait from now on:
 * PostgreSQL rewrites the table.
 *
 * @returns the graphs that the table still has
 */
async function emptyTable(client: PoolClient, table: string, columns: Columns, kind: NewTableKind): Promise<Graph[]> {
  const name = client.escapeIdentifier(table);
  await client.query(`LOCK TABLE ${name} IN SHARE ROW EXCLUSIVE MODE`);
  if (!columns.hasDigests) await client.query(`ALTER TABLE ${name} ADD COLUMN digest bigint`);
  const graphs = await graphsOf(client, table);
  await client.query(`DELETE FROM ${name}`);
  const type = `${pgNames(kind).type}(${kind.dim})`;
  if (columns.type === type) return graphs;
  for (const graph of graphs) await client.query(`DROP INDEX ${client.escapeIdentifier(graph.name)}`);
  await client.query(`ALTER TABLE ${name} ALTER COLUMN embedding TYPE ${type} USING NULL`);
  await storeInline(client, name, kind);
  return [];
}

async function storeInline(client: PoolClient, name: string, { dim, storage }: TableKind): Promise<void> {
  const isShort = dim * ENTRY_BYTES[storage] <= MAX_INLINE_BYTES;
  await client.query(`ALTER TABLE ${name} ALTER COLUMN embedding SET STORAGE ${isShort ? 'PLAIN' : 'EXTERNAL'}`);
}

async function createGraph(client: PoolClient, name: string, kind: NewTableKind): Promise<void> {
  await client.query(
    `CREATE INDEX ON ${name} USING hnsw (embedding ${pgNames(kind).operatorClass}) ` +
      `WITH (m = ${kind.links}, ef_construction = ${kind.efConstruction})`,
  );
}

/**
 * Reads the description of a table, and compares all its rows with their digests.
 *
 * @throws EngineError `ERR_DATA` if no table has that name, or if the table is not a univar index
 */
export async function describeTable(client: PoolClient, table: string, place: string): Promise<TableDescription> {
  const comment = await commentOf(client, table);
  if (comment === undefined) throw new EngineError('ERR_DATA', `The table "${table}" does not exist in ${place}`);
  const columns = await columnsOf(client, table);
  const [graph] = await graphsOf(client, table);
  const found = /^(half)?vec(?:tor)?_(l2|ip)_ops$/.exec(graph?.operatorClass ?? '');
  if (!columns || !graph || !found || !comment.startsWith(MARK))
    throw new EngineError('ERR_DATA', `The table "${table}" of ${place} is not a univar index`);
  const kind: TableKind = {
    dim: columns.dim,
    metric: found[2] as TableKind['metric'],
    storage: found[1] === undefined ? 'f32' : 'f16',
    links: graph.links,
    hasDigests: columns.hasDigests,
  };
  return { kind, source: sourceIn(comment), rows: await countRows(client, table, kind) };
}

/** Returns the source of the vectors that the comment on a table names. */
export function sourceIn(comment: string): string | undefined {
  return comment.slice(MARK.length + ' of '.length) || undefined;
}

export interface Columns {
  /** Type of the vectors, for example `vector(384)`. */
  type: string;
  dim: number;
  hasDigests: boolean;
}

/** Describes the columns of a table; undefined if it does not exist or has no vectors. */
export async function columnsOf(client: PoolClient, table: string): Promise<Columns | undefined> {
  const { rows } = await client.query<Columns>(
    `SELECT format_type(atttypid, atttypmod) AS type, atttypmod AS dim,
       EXISTS (SELECT FROM pg_attribute WHERE attrelid = a.attrelid AND attname = 'digest') AS "hasDigests"
     FROM pg_attribute a WHERE attrelid = to_regclass($1) AND attname = 'embedding'`,
    [client.escapeIdentifier(table)],
  );
  return rows[0];
}

/** An HNSW index. */
interface Graph {
  name: string;
  operatorClass: string;
  links: number;
  efConstruction: number;
}

async function graphsOf(client: PoolClient, table: string): Promise<Graph[]> {
  const { rows } = await client.query<{ name: string; operatorClass: string; options: string[] | null }>(
    `SELECT i.relname AS name, o.opcname AS "operatorClass", i.reloptions AS options
     FROM pg_attribute a
       JOIN pg_index x ON x.indrelid = a.attrelid AND x.indkey[0] = a.attnum
       JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam AND m.amname = 'hnsw'
       JOIN pg_opclass o ON o.oid = x.indclass[0]
     WHERE a.attrelid = to_regclass($1) AND a.attname = 'embedding' ORDER BY i.oid`,
    [client.escapeIdentifier(table)],
  );
  return rows.map(({ options, ...graph }) => {
    const option = (name: string): number =>
      Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec((options ?? []).join('\n'))?.[1]);
    return { ...graph, links: option('m'), efConstruction: option('ef_construction') };
  });
}

function isGraphOf(graph: Graph, kind: NewTableKind): boolean {
  return (
    graph.operatorClass === pgNames(kind).operatorClass &&
    graph.links === kind.links &&
    graph.efConstruction === kind.efConstruction
  );
}

async function countRows(client: PoolClient, table: string, kind: TableKind): Promise<RowCounts> {
  const isEdited = kind.hasDigests
    ? `digest IS DISTINCT FROM CASE WHEN embedding IS NOT NULL THEN ${digestExpression(pgNames(kind).type)} END`
    : 'false';
  const { rows } = await client.query<RowCounts>(
    `SELECT count(*)::integer AS present, coalesce(max(label) + 1, 0) AS next,
       count(*) FILTER (WHERE embedding IS NULL)::integer AS removed,
       count(*) FILTER (WHERE ${isEdited})::integer AS edited
     FROM ${client.escapeIdentifier(table)}`,
  );
  return rows[0]!;
}

/**
 * Adds up the rows of all tables of an index. Together, their labels are 0 to rows - 1, because removed vectors keep
 * their rows.
 *
 * @throws EngineError `ERR_DATA` if others have edited, inserted or deleted rows
 */
export function sumRows(counts: readonly RowCounts[], table: string, place: string): { rows: number; removed: number } {
  const sum = (field: keyof RowCounts): number => counts.reduce((total, count) => total + count[field], 0);
  const rows = Math.max(...counts.map(({ next }) => next));
  const missing = rows - sum('present');
  const edited = sum('edited') + Math.max(0, -missing);
  if (edited === 0 && missing === 0) return { rows, removed: sum('removed') };
  const changes = [
    ...(edited > 0 ? [`${edited} edited or inserted`] : []),
    ...(missing > 0 ? [`${missing} deleted`] : []),
  ];
  throw new EngineError(
    'ERR_DATA',
    `The rows of the table "${table}" of ${place} were changed by others: ${changes.join(', ')}; ` +
      `load them again with "univar index DATASET --to URL --table ${table} --overwrite"`,
  );
}

/** Returns the largest label of a table + 1. Removed vectors keep their rows, so no label is used twice. */
export async function nextLabel(client: PoolClient, table: string): Promise<number> {
  const { rows } = await client.query<{ next: number }>(
    `SELECT coalesce(max(label) + 1, 0) AS next FROM ${client.escapeIdentifier(table)}`,
  );
  return rows[0]!.next;
}

/** Returns the comment of a table, '' if it has none; undefined if the table does not exist. */
export async function commentOf(client: PoolClient, table: string): Promise<string | undefined> {
  const { rows } = await client.query<{ comment: string | null }>(
    `SELECT obj_description(to_regclass($1), 'pg_class') AS comment WHERE to_regclass($1) IS NOT NULL`,
    [client.escapeIdentifier(table)],
  );
  return rows[0] && (rows[0].comment ?? '');
}
