/** Options of every connection. Public, so that their declarations must not name the types of the package pg. */
export interface PgConnectionOptions {
  /**
   * `postgres://user@host:5432/database`. Missing parts come from PGHOST, PGUSER, PGPASSWORD and ~/.pgpass, as in psql.
   * Server parameters can be added: `?options=-c%20maintenance_work_mem%3D1GB`.
   */
  url: string;
  /** Table name: up to 50 lower-case letters, digits and `_`. @default 'univar' */
  table?: string;
  /** Maximum number of connections, which is also the number of queries that are searched in parallel. @default 4 */
  connections?: number;
  /**
   * Receives notices of the server, for example that a graph no longer fits into maintenance_work_mem, and what a query
   * of more than five seconds waits for.
   */
  onNotice?: (text: string) => void;
}

/** Keys of {@link PgConnectionOptions}, and `signal`. */
export const CONNECTION_OPTIONS = ['url', 'table', 'connections', 'onNotice', 'signal'] as const;
export const DEFAULT_TABLE = 'univar';
