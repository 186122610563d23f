/** Codes of errors, and the exit code of the command for each. */
export const ERROR_CODES = {
  /** An argument has a value that is not allowed. */
  ERR_ARG_RANGE: 2,
  /** A file, a benchmark or a revision is missing, damaged or fails. */
  ERR_DATA: 2,
  /** The base does not build. */
  ERR_BUILD: 2,
  /** A program that is needed is missing or died. */
  ERR_DEVICE_UNAVAILABLE: 1,
  /** A server refuses a request or cannot be reached. */
  ERR_REMOTE: 1,
  /** Cancelled by an AbortSignal or Ctrl-C. */
  ERR_ABORTED: 130,
  /** A bug in this package. */
  ERR_INTERNAL: 70,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Class of all errors that this package throws on purpose. */
export class BenchError extends Error {
  override readonly name = 'BenchError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Exit code of a command that ends because of this error. */
  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
}

/** Returns the message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
