import type { Socket } from 'node:net';
import { Writable } from 'node:stream';

import type { Client, QueryResultRow } from 'pg';

import { settledWithin } from '../../core/time-limit.js';

/**
 * Runs one query over a connection of its own, and closes the connection.
 *
 * @param client not connected yet
 * @returns the rows of the result
 * @throws the error of the driver; Error if there is no result after `ms` milliseconds
 */
export async function queryOnce<R extends QueryResultRow>(
  client: Client,
  query: string,
  values: readonly unknown[],
  ms: number,
): Promise<R[]> {
  client.on('error', () => undefined);
  const asking = (async () => {
    await client.connect();
    return (await client.query<R>(query, [...values])).rows;
  })();
  try {
    if (!(await settledWithin(asking, ms))) throw new Error('timeout expired');
    return await asking;
  } finally {
    await settledWithin(client.end(), 0); // says goodbye, and does not wait for the answer
    streamOf(client).destroy();
  }
}

/** The socket of a client. */
export function streamOf(client: Client): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}

/** Whether a client waits for the server. During COPY, it can also wait for the rows of its caller. */
export function isWaiting(client: Client): boolean {
  const query = (client as unknown as { _activeQuery: object | null })._activeQuery;
  if (query === null) return false;
  return query instanceof Writable ? query.writableEnded || query.writableNeedDrain : true;
}
