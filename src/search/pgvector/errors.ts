import type { DatabaseError } from 'pg';

import { EngineError, type ErrorCode } from '../../core/errors.js';

/** SQLSTATEs that are not simply a refusal of the server. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  '42P01': 'ERR_DATA', // the table has gone
  '22000': 'ERR_SHAPE_MISMATCH', // pgvector: vectors of another dimension
};

/**
 * An EngineError for whatever was thrown by a server or on the way to it: `ERR_REMOTE`, unless the server tells that
 * the table is missing (`ERR_DATA`) or that its vectors have another dimension (`ERR_SHAPE_MISMATCH`).
 *
 * @param doing ends before the place, as in `search the table "x" of`
 * @param place which database at which server, without a password
 */
export function databaseError(error: unknown, doing: string, place: string): EngineError {
  if (error instanceof EngineError) return error;
  const { code: sqlState, hint } = isDatabaseError(error) ? error : {};
  return new EngineError(
    (sqlState && CODES[sqlState]) || 'ERR_REMOTE',
    `Cannot ${doing} ${place}: ${reasonOf(error)}${hint ? `. ${hint}` : ''}`,
    { cause: error },
  );
}

/** What the server itself has to say. Its class comes with the package, which may not be loaded. */
function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && 'severity' in error && 'code' in error;
}

/**
 * In words: an AggregateError, thrown after all addresses of a name were tried, has no message; that of SCRAM is the
 * driver's own affair.
 */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  if (error instanceof Error && error.message.includes('client password must be a string'))
    return 'it wants a password, and there is none (PGPASSWORD, ~/.pgpass)';
  return error instanceof Error ? error.message : String(error);
}
