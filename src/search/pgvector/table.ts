/** The table of an index: one row per vector, with its label, and an HNSW graph over all vectors. */
import type { PoolClient } from 'pg';

import { EngineError } from '../../core/errors.js';
import { expectString, fail } from '../../core/validate.js';
import { type NewTableKind, pgNames, type TableKind } from './kind.js';
import { ENTRY_BYTES } from './vector-bytes.js';

/** Prefix of the comment on tables that this package creates. The source of the vectors follows. */
const MARK = 'univar index';
const LEAST_PGVECTOR = [0, 8];
/**
 * Vectors of up to this size fit into a page of 8 KiB together with their names. The planner ignores the cost of
 * reading values stored outside the row (TOAST), and would then scan all rows instead of using the graph.
 */
const MAX_INLINE_BYTES = 7600;

export interface TableDescription {
  kind: TableKind;
  /** Source of the vectors, as given when the table was created. */
  source: string | undefined;
  /** Vectors added so far, including removed ones: the label of the next vector. */
  rows: number;
  removed: number;
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
 * inserting into an existing graph. An older table with that name stays unchanged until the transaction commits.
 *
 * @param fill receives the name of the table to load
 * @throws EngineError `ERR_BUSY` while another call creates the same table, `ERR_DATA` if it already exists
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
  fill: (loading: string) => Promise<void>,
): Promise<void> {
  const where = `The table "${table}" of ${place}`;
  const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_xact_lock(hashtext($1)) AS locked', [
    `${MARK} ${table}`,
  ]);
  if (!rows[0]!.locked) throw new EngineError('ERR_BUSY', `${where} is being loaded by another process`);
  const older = await commentOf(client, table);
  if (older !== undefined && !older.startsWith(MARK))
    throw new EngineError('ERR_DATA', `${where} already exists and is not a univar index; choose another name`);
  if (older !== undefined && !overwrite)
    throw new EngineError('ERR_DATA', `${where} already exists`, {
      remedies: [{ text: 'choose another name' }, { text: 'replace it', option: { name: 'overwrite', value: true } }],
    });

  const loading = `${table}_loading`;
  const { type, operatorClass } = pgNames(kind);
  await client.query(
    `CREATE TABLE ${loading} (label integer PRIMARY KEY, model text, lang text, embedding ${type}(${kind.dim}))`,
  );
  if (kind.dim * ENTRY_BYTES[kind.storage] <= MAX_INLINE_BYTES)
    await client.query(`ALTER TABLE ${loading} ALTER COLUMN embedding SET STORAGE PLAIN`);
  await client.query(
    `COMMENT ON TABLE ${loading} IS ${client.escapeLiteral(`${MARK}${source === '' ? '' : ` of ${source}`}`)}`,
  );
  await fill(loading);
  await client.query(`CREATE INDEX ON ${loading} (model, lang)`);
  await client.query(`CREATE INDEX ON ${loading} (label) WHERE embedding IS NULL`); // counts what was removed
  await client.query(
    `CREATE INDEX ON ${loading} USING hnsw (embedding ${operatorClass}) ` +
      `WITH (m = ${kind.links}, ef_construction = ${kind.efConstruction})`,
  );
  await client.query(`ANALYZE ${loading}`);
  if (older !== undefined) await client.query(`DROP TABLE ${client.escapeIdentifier(table)}`);
  await client.query(`ALTER TABLE ${loading} RENAME TO ${client.escapeIdentifier(table)}`);
}

/** @throws EngineError `ERR_DATA` if no table has that name, or if the table is not a univar index */
export async function describeTable(client: PoolClient, table: string, place: string): Promise<TableDescription> {
  const comment = await commentOf(client, table);
  if (comment === undefined) throw new EngineError('ERR_DATA', `The table "${table}" does not exist in ${place}`);
  const { rows } = await client.query<{ dim: number; options: string[] | null; operator_class: string }>(
    `SELECT a.atttypmod AS dim, i.reloptions AS options, o.opcname AS operator_class
     FROM pg_attribute a
       JOIN pg_index x ON x.indrelid = a.attrelid AND x.indkey[0] = a.attnum
       JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam AND m.amname = 'hnsw'
       JOIN pg_opclass o ON o.oid = x.indclass[0]
     WHERE a.attrelid = to_regclass($1) AND a.attname = 'embedding' ORDER BY i.oid LIMIT 1`,
    [client.escapeIdentifier(table)],
  );
  const found = /^(half)?vec(?:tor)?_(l2|ip)_ops$/.exec(rows[0]?.operator_class ?? '');
  if (!found || !comment.startsWith(MARK))
    throw new EngineError('ERR_DATA', `The table "${table}" of ${place} is not a univar index`);
  const { dim, options } = rows[0]!;
  const links = Number(/^m=(\d+)$/m.exec((options ?? []).join('\n'))?.[1]);
  const kind: TableKind = {
    dim,
    metric: found[2] as TableKind['metric'],
    storage: found[1] === undefined ? 'f32' : 'f16',
    links,
  };
  return {
    kind,
    source: comment.slice(MARK.length + ' of '.length) || undefined,
    rows: await nextLabel(client, table),
    removed: await countRemoved(client, table),
  };
}

/** Returns the label of the next vector. Removed vectors keep their rows, so the labels are always 0 to rows - 1. */
export async function nextLabel(client: PoolClient, table: string): Promise<number> {
  const { rows } = await client.query<{ next: number }>(
    `SELECT coalesce(max(label) + 1, 0) AS next FROM ${client.escapeIdentifier(table)}`,
  );
  return rows[0]!.next;
}

async function countRemoved(client: PoolClient, table: string): Promise<number> {
  const { rows } = await client.query<{ removed: number }>(
    `SELECT count(*)::integer AS removed FROM ${client.escapeIdentifier(table)} WHERE embedding IS NULL`,
  );
  return rows[0]!.removed;
}

/** Returns the comment of a table, '' if it has none; undefined if the table does not exist. */
async function commentOf(client: PoolClient, table: string): Promise<string | undefined> {
  const { rows } = await client.query<{ comment: string | null }>(
    `SELECT obj_description(to_regclass($1), 'pg_class') AS comment WHERE to_regclass($1) IS NOT NULL`,
    [client.escapeIdentifier(table)],
  );
  return rows[0] && (rows[0].comment ?? '');
}
