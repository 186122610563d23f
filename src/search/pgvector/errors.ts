import type { DatabaseError } from 'pg';

import { EngineError, type ErrorCode } from '../../core/errors.js';

/** Codes for SQLSTATEs that deserve a more specific code than `ERR_REMOTE`. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  '42P01': 'ERR_DATA', // the table is gone
  '22000': 'ERR_SHAPE_MISMATCH', // pgvector: vectors of another dimension
};

/**
 * Converts an error from the server or the connection to an EngineError: `ERR_REMOTE`, unless the server reports that
 * the table is missing (`ERR_DATA`) or that its vectors have a different dimension (`ERR_SHAPE_MISMATCH`).
 *
 * @param doing action that failed, without the place, such as `search the table "x" of`
 * @param place database and server, without a password
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

/** Recognises errors that the server sent. Does not use their class, because the package pg may not be loaded. */
export function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && 'severity' in error && 'code' in error;
}

/**
 * Returns the reason as text. An AggregateError, thrown after all addresses of a name failed, has no message. The
 * driver's message about SCRAM does not say that the password is missing.
 */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  if (error instanceof Error && error.message.includes('client password must be a string'))
    return 'the server requires a password, but none is set (PGPASSWORD, ~/.pgpass)';
  if (error instanceof Error && /^timeout expired|timeout exceeded/.test(error.message))
    return 'the server accepts connections, but does not reply';
  return error instanceof Error ? error.message : String(error);
}
