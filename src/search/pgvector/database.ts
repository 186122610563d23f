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
   * `postgres://user@host:5432/database`; what it leaves out comes from PGHOST, PGUSER, PGPASSWORD, ~/.pgpass as in
   * psql.
   */
  url: string;
  /** Connections at once; further calls wait. */
  connections: number;
  /** Receives what the server has to say. */
  onNotice?: ((text: string) => void) | undefined;
}

/** A PostgreSQL database over a few connections, which are made as they are needed and again after they were lost. */
export class Database {
  readonly #pool: Pool;
  readonly #connection: () => Client;
  readonly #calls = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  /** For messages: which database at which server. */
  readonly place: string;

  private constructor({ Client, Pool }: Pg, { url, connections, onNotice }: DatabaseOptions) {
    const config: PoolConfig = {
      connectionString: expectConnectionString(url, Client),
      keepAlive: true,
      fallback_application_name: 'univar',
    };
    /** The pool's own limit would also count the time that a call waits for its turn. */
    class PatientClient extends Client {
      constructor(given?: PoolConfig) {
        super({ ...given, connectionTimeoutMillis: CONNECT_MS });
      }
    }
    this.place = placeOf(config, Client);
    this.#connection = () => new PatientClient(config);
    this.#pool = new Pool({ ...config, max: connections, Client: PatientClient });
    this.#pool.on('error', () => undefined); // an idle connection was lost: the pool makes another one
    this.#pool.on('connect', (client) => {
      client.on('error', () => undefined); // the query in hand tells of it
      if (onNotice)
        client.on('notice', ({ message, hint }) =>
          onNotice([message, hint].filter((text) => text !== undefined).join('. ')),
        );
    });
  }

  /**
   * Connects to nothing yet.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` for what is no connection string; it is not repeated, as it may
   *   have a password. `ERR_NATIVE_LOAD` without the package pg
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    return new Database(await importOptional('pg', 'An index in PostgreSQL', () => import('pg')), options);
  }

  /**
   * Runs `work` in a transaction on a connection of its own. Whatever fails or is aborted leaves nothing behind.
   *
   * @param doing for messages, as in `search the table "x" of`
   * @param begin statements that the transaction starts with
   * @throws EngineError `ERR_ABORTED`, `ERR_DISPOSED`, and as {@link databaseError}
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
      // Locks must be free when the caller learns of the failure; closing the connection frees them some time later.
      if (!committed) await client.query('ROLLBACK').catch(() => undefined);
      // The cancellation of an earlier query could arrive late and hit the next query of this connection.
      client.release(!committed || cancelling !== undefined);
    }
  }

  /** Closes the connections once the calls in flight are done. Idempotent. */
  close(): Promise<void> {
    // A pool that ends forgets the calls that wait for a connection.
    this.#closing ??= Promise.allSettled(this.#calls).then(() => this.#pool.end());
    return this.#closing;
  }

  /**
   * Asks the server to end the query of a connection, over another one. Where that fails, the query goes on to its end.
   */
  async #cancel(client: PoolClient): Promise<void> {
    const other = this.#connection();
    other.on('error', () => undefined);
    try {
      await other.connect();
      await other.query('SELECT pg_cancel_backend($1)', [(client as PoolClient & { processID: number }).processID]);
    } catch {
      // The server has gone, and the query with it.
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
  // Otherwise a part of the password would be taken for a host or a database, and stand in messages.
  if (/^[^/]*\/\/[^/?#]*[/?#].*@/.test(url)) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `${wanted}, got one with an "@" too far behind: write "/", "?", "#" and "@" in a password as %2F, %3F, %23 and %40`,
    );
  }
  try {
    placeOf({ connectionString: url }, Client);
  } catch {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `${wanted}, got one that cannot be read: special characters must be percent-encoded, a port is a number`,
    );
  }
  return url;
}

function placeOf(config: PoolConfig, Client: Pg['Client']): string {
  const { host, port, database, user } = new Client(config);
  return `the database "${database ?? user ?? ''}" at ${host.startsWith('/') ? host : `${host}:${port}`}`;
}
