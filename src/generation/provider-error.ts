/** Scope of a failure, which decides what happens next. */
export type FailureKind =
  /** Try again: overload, time-out, dropped connection, an answer that cannot be read. */
  | 'transient'
  /** This call will never work: refused content, a prompt that is too long. */
  | 'call'
  /** No call of this endpoint will work: wrong key, unknown model. */
  | 'endpoint';

export class ProviderError extends Error {
  override readonly name = 'ProviderError';

  constructor(
    readonly kind: FailureKind,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Wait that the endpoint requested. */
  readonly retryAfterMs: number | undefined;
}

/** Builds the error for an HTTP status other than success. */
export function statusError(status: number, text: string, retryAfter: string | null, now = Date.now()): ProviderError {
  const message = `HTTP ${status}${text === '' ? '' : `: ${text.replace(/\s+/gu, ' ').slice(0, 300)}`}`;
  const transient = status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
  if (transient) return new ProviderError('transient', message, { retryAfterMs: parseRetryAfter(retryAfter, now) });
  return new ProviderError([401, 402, 403, 404, 405].includes(status) ? 'endpoint' : 'call', message);
}

/**
 * Converts a Retry-After header, seconds or a date (RFC 9110, section 10.2.3), to milliseconds. Undefined for anything
 * else.
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : NaN;
  const ms = Number.isNaN(seconds) ? Date.parse(value) - now : 1000 * seconds;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
