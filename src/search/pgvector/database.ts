import type * as pg from 'pg';
import type { Client, Pool, PoolClient, PoolConfig } from 'pg';

import { onAbort, throwIfAborted, untilAborted } from '../../core/abort.js';
import { EngineError } from '../../core/errors.js';
import { OPTIONAL_FEATURES } from '../../core/optional-features.js';
import { importOptional } from '../../core/optional-package.js';
import { settledWithin } from '../../core/time-limit.js';
import { expectString } from '../../core/validate.js';
import { databaseError } from './errors.js';
import { isWaiting, queryOnce, streamOf } from './query-once.js';
import { QueryWatch } from './query-watch.js';

const CONNECT_MS = 8000;
/** The same for a connection that only looks after another one. */
const BRIEF_CONNECT_MS = 2000;
/** Time that a query has to end after it was cancelled; then its connection is closed. */
const CANCEL_MS = 700;
/** Time for connections to say goodbye. */
const CLOSE_MS = 700;

/** Makes the server end a transaction whose client is lost, which releases its locks. */
const LIMITS =
  'SET LOCAL idle_in_transaction_session_timeout = 300000; SET LOCAL tcp_keepalives_idle = 30; ' +
  'SET LOCAL tcp_keepalives_interval = 10; SET LOCAL tcp_keepalives_count = 3';

const OWN_PID = 'SELECT pg_backend_pid() AS pid';

type Pg = Pick<typeof pg, 'Client' | 'Pool'>;

export interface DatabaseOptions {
  /**
   * `postgres://user@host:5432/database`. Missing parts come from PGHOST, PGUSER, PGPASSWORD and ~/.pgpass, as in psql.
   */
  url: string;
  /** Name of the URL in messages. @default 'url' */
  name?: string;
  /** Maximum number of connections; further calls wait. */
  connections: number;
  /** Receives notices of the server, and what a long query waits for. */
  onNotice?: ((text: string) => void) | undefined;
}

/** A PostgreSQL database with a small pool of connections, which are opened on demand and replaced when lost. */
export class Database {
  readonly #pool: Pool;
  readonly #clients = new Set<Client>();
  /** Creates a connection that gives up soon. */
  readonly #brief: () => Client;
  readonly #onNotice: (text: string) => void;
  readonly #calls = new Set<Promise<unknown>>();
  /** Connections whose process is the one that they named, as it is not behind a pooler. */
  readonly #direct = new WeakSet<Client>();
  #closing: Promise<void> | undefined;
  /** Database and server, without credentials, for messages. */
  readonly place: string;
  /** The parameter of the URL; undefined if it does not name it. */
  readonly sslmode: string | undefined;

  private constructor({ Client, Pool }: Pg, { url, name = 'url', connections, onNotice }: DatabaseOptions) {
    const config: PoolConfig = {
      connectionString: expectConnectionString(url, name, Client),
      keepAlive: true,
      fallback_application_name: 'univar',
    };
    /** Has its own connection timeout, because the pool's timeout would include the time that a call waits its turn. */
    const clients = this.#clients;
    class PatientClient extends Client {
      constructor(given?: PoolConfig) {
        super({ ...given, connectionTimeoutMillis: CONNECT_MS });
        clients.add(this);
        this.once('end', () => clients.delete(this));
      }
    }
    this.place = placeOf(config, Client);
    this.sslmode = new URLSearchParams(/\?(.*)$/.exec(url)?.[1]).get('sslmode') ?? undefined;
    this.#brief = () => new Client({ ...config, connectionTimeoutMillis: BRIEF_CONNECT_MS });
    this.#onNotice = (text) => onNotice?.(text);
    this.#pool = new Pool({ ...config, max: connections, Client: PatientClient });
    this.#pool.on('error', () => undefined); // an idle connection was lost: the pool opens another one
    this.#pool.on('connect', (client) => {
      client.on('error', () => undefined); // the current query reports it
      client.on('notice', ({ message, hint }) =>
        this.#onNotice(`PostgreSQL reports: ${[message, hint].filter((text) => text !== undefined).join('. ')}`),
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
    return new Database(await importOptional(OPTIONAL_FEATURES.postgres, () => import('pg')), options);
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
    const client = await this.#connect(signal);
    let cancelling: Promise<void> | undefined;
    let committed = false as boolean; // set by the function below
    let lost: EngineError | undefined;
    const working = (async (): Promise<T> => {
      const begun = await client.query<{ pid: number }>(`${begin}; ${LIMITS}; ${OWN_PID}`);
      if ([begun].flat().at(-1)?.rows[0]?.pid === pidOf(client)) this.#direct.add(client);
      const result = await work(client);
      await client.query('COMMIT');
      committed = true;
      return result;
    })();
    const forget = onAbort(signal, () => void (cancelling = this.#cancel(client, working)));
    const watch = new QueryWatch({
      pid: pidOf(client),
      place: this.place,
      connection: this.#brief,
      link: () => {
        const { bytesRead, bytesWritten, writableLength } = streamOf(client);
        const bytes = bytesRead + bytesWritten - writableLength;
        return { waits: isWaiting(client), bytes, isDirect: this.#direct.has(client) };
      },
      onNotice: this.#onNotice,
      onLost: (reason) => {
        lost = databaseError(new Error(reason), doing, this.place);
        streamOf(client).destroy();
      },
    });
    try {
      return await working;
    } catch (error) {
      throwIfAborted(signal);
      throw lost ?? databaseError(error, doing, this.place);
    } finally {
      watch.stop();
      forget();
      await cancelling;
      // Release the locks before the caller learns of the failure. Closing the connection would release them later.
      if (!committed) await settledWithin(client.query('ROLLBACK'), CANCEL_MS);
      // Do not reuse a connection after a cancellation: it could arrive late and cancel the next query.
      client.release(!committed || cancelling !== undefined);
    }
  }

  async #connect(signal: AbortSignal | undefined): Promise<PoolClient> {
    throwIfAborted(signal);
    const connecting = this.#pool.connect();
    try {
      return await untilAborted(connecting, signal);
    } catch (error) {
      connecting.then(
        (client) => client.release(),
        () => undefined,
      );
      throwIfAborted(signal);
      throw databaseError(error, 'connect to', this.place);
    }
  }

  /** Closes the connections once the calls in flight have finished. Idempotent. */
  close(): Promise<void> {
    // A pool that ends drops the calls that wait for a connection.
    this.#closing ??= Promise.allSettled(this.#calls).then(async () => {
      await settledWithin(this.#pool.end(), CLOSE_MS);
      for (const client of this.#clients) streamOf(client).destroy(); // those that got no answer
    });
    return this.#closing;
  }

  /**
   * Asks the server, over a second connection, to cancel the query of a connection. If that has no effect in time, the
   * connection is closed.
   */
  async #cancel(client: PoolClient, working: Promise<unknown>): Promise<void> {
    const cancel = 'SELECT pg_cancel_backend($1)';
    const isSent = await queryOnce(this.#brief(), cancel, [pidOf(client)], BRIEF_CONNECT_MS).then(
      () => true,
      () => false,
    );
    if (!isSent || !(await settledWithin(working, CANCEL_MS))) streamOf(client).destroy();
  }
}

/** Process on the server that serves a connection. */
function pidOf(client: PoolClient): number {
  return (client as PoolClient & { processID: number }).processID;
}

function expectConnectionString(value: unknown, name: string, Client: Pg['Client']): string {
  const url = expectString(value, name);
  const wanted = `Expected a connection string such as postgres://user@host:5432/database for "${name}"`;
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
