import type * as pg from 'pg';
import type { Client, Pool, PoolClient, PoolConfig } from 'pg';

import { onAbort, throwIfAborted } from '../../core/abort.js';
import { EngineError } from '../../core/errors.js';
import { importOptional } from '../../core/optional-package.js';
import { expectString } from '../../core/validate.js';
import { databaseError } from './errors.js';

const CONNECT_MS = 10_000;

type Pg = Pick<typeof pg, 'Client' | 'Pool'>;

export interface DatabaseOptions {
  /**
   * `postgres://user@host:5432/database`. Missing parts come from PGHOST, PGUSER, PGPASSWORD and ~/.pgpass, as in psql.
   */
  url: string;
  /** Maximum number of connections; further calls wait. */
  connections: number;
  /** Receives notices of the server. */
  onNotice?: ((text: string) => void) | undefined;
}

/** A PostgreSQL database with a small pool of connections, which are opened on demand and replaced when lost. */
export class Database {
  readonly #pool: Pool;
  readonly #connection: () => Client;
  readonly #calls = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  /** Database and server, without credentials, for messages. */
  readonly place: string;

  private constructor({ Client, Pool }: Pg, { url, connections, onNotice }: DatabaseOptions) {
    const config: PoolConfig = {
      connectionString: expectConnectionString(url, Client),
      keepAlive: true,
      fallback_application_name: 'univar',
    };
    /** Has its own connection timeout, because the pool's timeout would include the time that a call waits its turn. */
    class PatientClient extends Client {
      constructor(given?: PoolConfig) {
        super({ ...given, connectionTimeoutMillis: CONNECT_MS });
      }
    }
    this.place = placeOf(config, Client);
    this.#connection = () => new PatientClient(config);
    this.#pool = new Pool({ ...config, max: connections, Client: PatientClient });
    this.#pool.on('error', () => undefined); // an idle connection was lost: the pool opens another one
    this.#pool.on('connect', (client) => {
      client.on('error', () => undefined); // the current query reports it
      if (onNotice)
        client.on('notice', ({ message, hint }) =>
          onNotice([message, hint].filter((text) => text !== undefined).join('. ')),
        );
    });
  }

  /**
   * Checks the connection string. Does not connect yet.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` for an invalid connection string (the message does not quote
   *   it, because it may contain a password); `ERR_NATIVE_LOAD` if the package pg is missing
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    return new Database(await importOptional('pg', 'An index in PostgreSQL', () => import('pg')), options);
  }

  /**
   * Runs `work` in a transaction on its own connection. If it fails or is aborted, the transaction is rolled back.
   *
   * @param doing action for messages, such as `search the table "x" of`
   * @param begin first statements of the transaction
   * @throws EngineError `ERR_ABORTED`, `ERR_DISPOSED`, and like {@link databaseError}
   */
  async transaction<T>(
    doing: string,
    signal: AbortSignal | undefined,
    begin: string,
    work: (client: PoolClient) => Promise<T>,
  ): Promise<T> {
    if (this.#closing) throw new EngineError('ERR_DISPOSED', 'The index was disposed');
    const call = this.#run(doing, signal, begin, work);
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  async #run<T>(
    doing: string,
    signal: AbortSignal | undefined,
    begin: string,
    work: (client: PoolClient) => Promise<T>,
  ): Promise<T> {
    throwIfAborted(signal);
    let client: PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw databaseError(error, 'connect to', this.place);
    }
    let cancelling: Promise<void> | undefined;
    let committed = false;
    const cancel = (): void => void (cancelling = this.#cancel(client));
    const forget = onAbort(signal, cancel);
    try {
      throwIfAborted(signal);
      await client.query(begin);
      const result = await work(client);
      await client.query('COMMIT');
      committed = true;
      return result;
    } catch (error) {
      throwIfAborted(signal);
      throw databaseError(error, doing, this.place);
    } finally {
      forget();
      await cancelling;
      // Release the locks before the caller learns of the failure. Closing the connection would release them later.
      if (!committed) await client.query('ROLLBACK').catch(() => undefined);
      // Do not reuse a connection after a cancellation: it could arrive late and cancel the next query.
      client.release(!committed || cancelling !== undefined);
    }
  }

  /** Closes the connections once the calls in flight have finished. Idempotent. */
  close(): Promise<void> {
    // A pool that ends drops the calls that wait for a connection.
    this.#closing ??= Promise.allSettled(this.#calls).then(() => this.#pool.end());
    return this.#closing;
  }

  /**
   * Asks the server, over a second connection, to cancel the query of a connection. If that fails, the query runs to
   * its end.
   */
  async #cancel(client: PoolClient): Promise<void> {
    const other = this.#connection();
    other.on('error', () => undefined);
    try {
      await other.connect();
      await other.query('SELECT pg_cancel_backend($1)', [(client as PoolClient & { processID: number }).processID]);
    } catch {
      // The server is gone, and the query with it.
    } finally {
      await other.end().catch(() => undefined);
    }
  }
}

function expectConnectionString(value: unknown, Client: Pg['Client']): string {
  const url = expectString(value, 'url');
  const wanted = 'Expected a connection string such as postgres://user@host:5432/database for "url"';
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new EngineError('ERR_ARG_RANGE', `${wanted}, got one that does not begin with postgres://`);
  // Otherwise part of the password would be read as a host or a database, and would appear in messages.
  if (/^[^/]*\/\/[^/?#]*[/?#].*@/.test(url)) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `${wanted}, got one with an "@" after "/", "?" or "#": ` +
        'write these characters in a password as %40, %2F, %3F and %23',
    );
  }
  try {
    placeOf({ connectionString: url }, Client);
  } catch {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `${wanted}, got one that cannot be parsed: percent-encode special characters, and give the port as a number`,
    );
  }
  return url;
}

function placeOf(config: PoolConfig, Client: Pg['Client']): string {
  const { host, port, database, user } = new Client(config);
  return `the database "${database ?? user ?? ''}" at ${host.startsWith('/') ? host : `${host}:${port}`}`;
}
