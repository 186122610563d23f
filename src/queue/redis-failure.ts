/** Replies of a server that is still loading its data, or busy with a script. */
const PASSING_REPLY = /^(LOADING|BUSY) /;

/**
 * Returns whether the same command can succeed later: its connection broke in the middle of the reply, or the server is
 * still starting. Commands that were not sent yet do not fail at all; ioredis keeps them until there is a connection.
 */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'AbortError' || (error.name === 'ReplyError' && PASSING_REPLY.test(error.message));
}

/** Returns whether the server refused the command: no permission, no memory, a read-only replica. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && !isPassing(error);
}
