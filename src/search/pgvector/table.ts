/** The table of an index: a row for every vector, with its label, and a graph over them (HNSW). */
import type { PoolClient } from 'pg';

import { EngineError } from '../../core/errors.js';
import { expectString, fail } from '../../core/validate.js';
import { type NewTableKind, pgNames, type TableKind } from './kind.js';
import { ENTRY_BYTES } from './vector-bytes.js';

/** What the comment of a table begins with that was made here; what the vectors are follows. */
const MARK = 'univar index';
const LEAST_PGVECTOR = [0, 8];
/**
 * Up to here a vector and its names fit into a page of 8 KiB. Outside of its row (TOAST) the planner does not count the
 * cost of reading it, and looks at all rows rather than at the graph.
 */
const MAX_INLINE_BYTES = 7600;

export interface TableDescription {
  kind: TableKind;
  /** What its maker said the vectors are. */
  source: string | undefined;
  /** Vectors added so far, including removed ones: the label that the next one gets. */
  rows: number;
  removed: number;
}

/** A plain name, so that it is the same in messages, in SQL and in psql. */
export function expectTableName(value: unknown): string {
  const name = expectString(value, 'table');
  if (!/^[a-z_][a-z0-9_]{0,49}$/.test(name))
    fail('ERR_ARG_RANGE', 'a name of up to 50 lower-case letters, digits and "_"', 'table', name);
  return name;
}

/**
 * Makes sure that the database has pgvector, from 0.8 on, whose scans go on until a filter has let enough rows pass.
 */
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
        `pgvector is not there in ${place}: ${reason}. Install it on the server (Debian: postgresql-17-pgvector) and run CREATE EXTENSION vector`,
        { cause },
      );
    }
    found = await version();
  }
  const [major = 0, minor = 0] = (found ?? '').split('.').map(Number);
  if (major > LEAST_PGVECTOR[0]! || (major === LEAST_PGVECTOR[0] && minor >= LEAST_PGVECTOR[1]!)) return;
  throw new EngineError(
    'ERR_DEVICE_UNAVAILABLE',
    `pgvector ${found} in ${place} is too old: ${LEAST_PGVECTOR.join('.')} is needed. Install it on the server and run ALTER EXTENSION vector UPDATE`,
  );
}

/**
 * Makes a table in the transaction at hand, lets `fill` load it, and only then builds the graph, which is faster than
 * to insert into one. An older table of that name stays as it is until the transaction commits.
 *
 * @param fill receives the name to load into
 * @throws EngineError `ERR_BUSY` while another call makes the same table, `ERR_DATA` where it exists
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
  const where = `the table "${table}" of ${place}`;
  const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_xact_lock(hashtext($1)) AS locked', [
    `${MARK} ${table}`,
  ]);
  if (!rows[0]!.locked) throw new EngineError('ERR_BUSY', `Another process is loading ${where}`);
  const older = await commentOf(client, table);
  if (older !== undefined && !older.startsWith(MARK))
    throw new EngineError('ERR_DATA', `There is already ${where}, which is not an index made here; take another name`);
  if (older !== undefined && !overwrite)
    throw new EngineError('ERR_DATA', `There is already ${where}`, {
      remedies: [{ text: 'take another name' }, { text: 'replace it', option: { name: 'overwrite', value: true } }],
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
    `CREATE INDEX ON ${loading} USING hnsw (embedding ${operatorClass}) WITH (m = ${kind.links}, ef_construction = ${kind.efConstruction})`,
  );
  await client.query(`ANALYZE ${loading}`);
  if (older !== undefined) await client.query(`DROP TABLE ${client.escapeIdentifier(table)}`);
  await client.query(`ALTER TABLE ${loading} RENAME TO ${client.escapeIdentifier(table)}`);
}

/** @throws EngineError `ERR_DATA` where there is no table of that name, or one of another kind */
export async function describeTable(client: PoolClient, table: string, place: string): Promise<TableDescription> {
  const comment = await commentOf(client, table);
  if (comment === undefined) throw new EngineError('ERR_DATA', `There is no table "${table}" in ${place}`);
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
    throw new EngineError('ERR_DATA', `The table "${table}" of ${place} is not an index made here`);
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

/** Removed vectors keep their rows, so the labels of a table are always 0 to its number of rows. */
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

/** The comment of a table, '' where it has none; undefined where there is no such table. */
async function commentOf(client: PoolClient, table: string): Promise<string | undefined> {
  const { rows } = await client.query<{ comment: string | null }>(
    `SELECT obj_description(to_regclass($1), 'pg_class') AS comment WHERE to_regclass($1) IS NOT NULL`,
    [client.escapeIdentifier(table)],
  );
  return rows[0] && (rows[0].comment ?? '');
}
