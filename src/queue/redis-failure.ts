/** Replies of a server that is still loading its data, or busy with a script. */
const PASSING_REPLY = /^(LOADING|BUSY) /;
/** Replies of a server that does not know who asks. */
const REPLIES: readonly (readonly [RegExp, string])[] = [
  [/^NOAUTH/, 'it requires a password, but the URL has none: redis://:PASSWORD@host, or redis://USER:PASSWORD@host'],
  [/^WRONGPASS|^ERR invalid password/, 'the user name or the password in the URL is wrong'],
  [/^NOPERM/, 'the user in the URL has no permission for this'],
  [/^ERR AUTH .*without any password configured/, 'the URL has a password, but the server has none'],
];

/**
 * Returns whether the same command can succeed later: its connection broke in the middle of the reply, or the server is
 * still starting. Commands that were not sent yet do not fail at all; ioredis keeps them until there is a connection.
 */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'ReplyError') return PASSING_REPLY.test(error.message);
  return (
    error.name === 'AbortError' ||
    /Socket timeout|Command timed out|Connection is closed|Stream isn't writeable/.test(error.message)
  );
}

/** Returns whether the server refused the command: no permission, no memory, a read-only replica. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && !isPassing(error);
}

/** Returns the reason of a failure in words; the reply of the server follows if it says more. */
export function describeReply(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, words] = REPLIES.find(([pattern]) => pattern.test(message)) ?? [];
  if (words !== undefined) return words;
  if (/Socket timeout|Command timed out/.test(message)) return 'it accepts connections, but does not reply';
  return message;
}
