import type { PoolClient } from 'pg';

import { onAbort } from '../../../core/abort.js';
import { EngineError } from '../../../core/errors.js';
import type { Database } from '../database.js';

/** A table that holds rows of an index: all of them, or those of one hash partition. */
export interface RowTable {
  database: Database;
  /** Name of the table in that database. */
  table: string;
}

/** Less than the limit for idle transactions that every transaction sets. */
const KEEP_ALIVE_MS = 60_000;

/**
 * Runs read-only `work` on every table at the same time.
 *
 * @param verb action for messages, such as `open`
 * @throws EngineError of the first table, in order, that failed
 */
export function readEveryTable<T>(
  tables: readonly RowTable[],
  verb: string,
  signal: AbortSignal | undefined,
  work: (client: PoolClient, table: RowTable) => Promise<T>,
): Promise<T[]> {
  return settleAll(
    tables.map((table) =>
      table.database.transaction(describe(verb, table), signal, 'BEGIN READ ONLY', (client) => work(client, table)),
    ),
  );
}

/**
 * Runs `work` in a transaction on every table at the same time, and commits all of them only after all have finished
 * and their servers still answer. If one fails, the others are cancelled and rolled back.
 *
 * Commits are separate, so a server that is lost in the moment between them can have less than the others. The error
 * says so, and opening the index finds it.
 *
 * @param verb action for messages, such as `load`
 * @param work receives a signal that also fires when another table fails
 * @throws EngineError of the table that failed first
 */
export async function changeEveryTable<T>(
  tables: readonly RowTable[],
  verb: string,
  signal: AbortSignal | undefined,
  work: (client: PoolClient, table: RowTable, index: number, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  const stop = new AbortController();
  if (signal?.aborted) stop.abort(signal.reason);
  const forget = onAbort(signal, () => stop.abort(signal?.reason));
  const finished = new Barrier(tables.length);
  const answered = new Barrier(tables.length);
  let committed = 0;
  let first: { error: unknown } | undefined;
  const change = async (table: RowTable, index: number): Promise<T> => {
    const result = await table.database.transaction(describe(verb, table), stop.signal, 'BEGIN', async (client) => {
      const done = await work(client, table, index, stop.signal);
      await keepAlive(client, finished.arrive());
      if (tables.length > 1) await client.query('SELECT 1');
      await answered.arrive();
      return done;
    });
    committed++;
    return result;
  };
  try {
    return await settleAll(
      tables.map((table, index) =>
        change(table, index).catch((error: unknown) => {
          first ??= { error };
          finished.fail(error);
          answered.fail(error);
          if (!answered.isComplete) stop.abort();
          throw error;
        }),
      ),
    );
  } catch {
    const { error } = first!;
    if (committed === 0 || !(error instanceof EngineError)) throw error;
    const rest = 'other servers have already stored their part of this change, so load the table again';
    throw new EngineError(error.code, `${error.problem}; ${rest}`, { cause: error });
  } finally {
    forget();
  }
}

/** Waits for `others`, and keeps the server from ending the idle transaction meanwhile. */
export async function keepAlive<T>(client: PoolClient, others: Promise<T>): Promise<T> {
  let asking: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const lost = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      asking = client.query('SELECT 1').catch(reject);
    }, KEEP_ALIVE_MS);
  });
  try {
    return await Promise.race([others, lost]);
  } finally {
    clearInterval(timer);
    await asking;
  }
}

/** Where several transactions wait for each other. */
class Barrier {
  readonly #passed: Promise<void>;
  #pass!: () => void;
  #refuse!: (error: unknown) => void;
  #missing: number;

  constructor(count: number) {
    this.#missing = count;
    this.#passed = new Promise((resolve, reject) => {
      this.#pass = resolve;
      this.#refuse = reject;
    });
    this.#passed.catch(() => undefined); // perhaps nobody waits yet
  }

  get isComplete(): boolean {
    return this.#missing === 0;
  }

  /** Settles when all have arrived. @throws the error of {@link fail} */
  arrive(): Promise<void> {
    if (--this.#missing === 0) this.#pass();
    return this.#passed;
  }

  fail(error: unknown): void {
    this.#refuse(error);
  }
}

/** Waits until all have settled. @throws the error of the first, in order, that failed */
async function settleAll<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

function describe(verb: string, { table }: RowTable): string {
  return `${verb} the table "${table}" of`;
}
