import { expectInteger } from '../../core/validate.js';
import { DEFAULT_TABLE, type PgConnectionOptions } from './connection-options.js';
import { Database } from './database.js';
import type { TableKind } from './kind.js';
import type { RowTable } from './shards/row-table.js';
import { expectTableName } from './table.js';

const DEFAULT_CONNECTIONS = 4;
const MAX_CONNECTIONS = 100;

/** The tables of an index: one, or one for each server. */
export interface OpenTables {
  tables: RowTable[];
  kind: TableKind;
  source: string | undefined;
  /** Vectors added so far, including removed ones: the label of the next vector. */
  rows: number;
  removed: number;
}

/** The tables of an index, and how to search them. */
export interface ConnectedTables extends OpenTables {
  /** Table of the index. */
  table: string;
  /** For each server. */
  connections: number;
}

/** Opens a database. @param name name of the URL in messages */
export type Connect = (url: string, name: string) => Promise<Database>;

/**
 * Passes the database of an index to `open`, which can connect to others. Closes all of them if it fails.
 *
 * @param least connections that `open` needs at the same time
 */
export async function connected(
  given: PgConnectionOptions,
  least: number,
  open: (database: Database, table: string, connect: Connect) => Promise<OpenTables>,
): Promise<ConnectedTables> {
  const table = expectTableName(given.table ?? DEFAULT_TABLE);
  const connections = expectInteger(given.connections ?? DEFAULT_CONNECTIONS, 'connections', 1, MAX_CONNECTIONS);
  const { onNotice } = given;
  const databases: Database[] = [];
  const connect = async (url: string, name: string): Promise<Database> => {
    const database = await Database.open({ url, name, connections: Math.max(connections, least), onNotice });
    databases.push(database);
    return database;
  };
  try {
    return { ...(await open(await connect(given.url, 'url'), table, connect)), table, connections };
  } catch (error) {
    await Promise.all(databases.map((database) => database.close()));
    throw error;
  }
}
