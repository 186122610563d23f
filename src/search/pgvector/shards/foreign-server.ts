/** The foreign servers of an index whose rows are spread over several servers (postgres_fdw). */
import type { PoolClient } from 'pg';

import { EngineError } from '../../../core/errors.js';

/** How to connect to a server. Its names are those of libpq. */
export interface ServerAddress {
  host: string;
  port: string;
  dbname: string;
  /** Absent if the URL does not name it. */
  sslmode?: string;
}

/** A server, and the account of the coordinator there. */
export interface ServerLogin extends ServerAddress {
  user: string;
  /** Absent if the server asked for none. */
  password?: string;
}

/**
 * For queries of other programs over the partitioned table. Without `extensions`, the coordinator would fetch all rows
 * to order them by distance.
 */
const FOREIGN_OPTIONS = {
  extensions: 'vector',
  fetch_size: '1000',
  async_capable: 'true',
  options: '-c hnsw.ef_search=128 -c hnsw.iterative_scan=strict_order',
};

/** @throws EngineError `ERR_DEVICE_UNAVAILABLE` if the extension is not there and the role may not create it */
export async function expectPostgresFdw(client: PoolClient, place: string): Promise<void> {
  const { rows } = await client.query(`SELECT FROM pg_extension WHERE extname = 'postgres_fdw'`);
  if (rows.length > 0) return;
  try {
    await client.query('CREATE EXTENSION postgres_fdw');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      'ERR_DEVICE_UNAVAILABLE',
      `postgres_fdw is not available in ${place}: ${reason}. As a superuser, run CREATE EXTENSION postgres_fdw and ` +
        'GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw',
      { cause },
    );
  }
}

/** Creates a foreign server, or replaces one that no table uses any more. */
export async function makeForeignServer(client: PoolClient, name: string, login: ServerLogin): Promise<void> {
  const server = client.escapeIdentifier(name);
  const { rows } = await client.query('SELECT FROM pg_foreign_server WHERE srvname = $1', [name]);
  if (rows.length > 0) {
    await client.query(`DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER ${server}`);
    await client.query(`DROP SERVER ${server}`);
  }
  const { host, port, dbname, sslmode } = login;
  const options = Object.entries({ host, port, dbname, ...(sslmode && { sslmode }), ...FOREIGN_OPTIONS });
  const list = options.map(([option, value]) => `${option} ${client.escapeLiteral(value)}`).join(', ');
  await client.query(`CREATE SERVER ${server} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (${list})`);
  await mapUser(client, name, login);
}

/**
 * Sets the account that the current user has on a foreign server. The password is a parameter, because statements can
 * end in the log and the statistics of the server, and in the context of its errors.
 */
export async function mapUser(client: PoolClient, server: string, { user, password }: ServerLogin): Promise<void> {
  // Only a superuser may do this; parameters are logged if log_statement is "all".
  await client.query(
    `SELECT set_config('log_parameter_max_length', '0', true) FROM pg_roles WHERE rolname = current_user AND rolsuper`,
  );
  const values = { server, user, ...(password && { password }) };
  for (const [name, value] of Object.entries(values))
    await client.query('SELECT set_config($1, $2, true)', [`univar.${name}`, value]);
  const drop = `format('DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER %I', current_setting('univar.server'))`;
  const options = password ? 'user %L, password %L' : 'user %L';
  const names = ['server', 'user', ...(password ? ['password'] : [])].map(
    (name) => `current_setting('univar.${name}')`,
  );
  const create = `format('CREATE USER MAPPING FOR CURRENT_USER SERVER %I OPTIONS (${options})', ${names.join(', ')})`;
  await client.query(
    `DO $do$ BEGIN EXECUTE ${drop}; EXECUTE ${create};
     EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION '%', SQLERRM; END $do$`,
  );
  if (password) await client.query(`SELECT set_config('univar.password', '', true)`);
}

/** The connection string of a server, for {@link Database}. */
export function urlOf({ host, port, dbname, sslmode, user, password }: ServerLogin): string {
  const account = [user, ...(password ? [password] : [])].map(encodeURIComponent).join(':');
  const query = new URLSearchParams({ host, port, ...(sslmode && { sslmode }) });
  return `postgres://${account}@/${encodeURIComponent(dbname)}?${query.toString()}`;
}
