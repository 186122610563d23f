import { EngineError, type ErrorCode } from './errors.js';

/**
 * Errors of the operating system that a user can fix. A path that does not exist or has the wrong kind is wrong input
 * (`ERR_DATA`). In all other cases, the system refused the operation.
 */
const SYSTEM_ERRORS: Readonly<Record<string, { code: ErrorCode; reason: string }>> = {
  ENOENT: { code: 'ERR_DATA', reason: 'no such file or folder' },
  ENOTDIR: { code: 'ERR_DATA', reason: 'a part of the path is not a folder' },
  EISDIR: { code: 'ERR_DATA', reason: 'it is a folder' },
  EEXIST: { code: 'ERR_DATA', reason: 'it already exists' },
  ENAMETOOLONG: { code: 'ERR_DATA', reason: 'a name in the path is too long' },
  ELOOP: { code: 'ERR_DATA', reason: 'the path has too many symbolic links' },
  EACCES: { code: 'ERR_IO', reason: 'permission denied' },
  EPERM: { code: 'ERR_IO', reason: 'permission denied' },
  EROFS: { code: 'ERR_IO', reason: 'the file system is read-only' },
  ENOSPC: { code: 'ERR_IO', reason: 'no space left on the device' },
  EDQUOT: { code: 'ERR_IO', reason: 'the disk quota is used up' },
  EMFILE: { code: 'ERR_IO', reason: 'too many open files' },
  EIO: { code: 'ERR_IO', reason: 'the device reported an error' },
  ENOMEM: { code: 'ERR_OUT_OF_MEMORY', reason: 'the system has no memory left' },
};

/** Returns the error code for a code of the operating system, or undefined if only a bug can cause it. */
export function codeOfSystemError(code: string): ErrorCode | undefined {
  return Object.hasOwn(SYSTEM_ERRORS, code) ? SYSTEM_ERRORS[code]!.code : undefined;
}

/** Returns the code of a file system error, such as `ENOENT`, or undefined for any other value. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error
    ? error.code
    : undefined;
}

/**
 * Converts an error of node:fs to an EngineError: `ERR_DATA` for a path that does not exist or has the wrong kind, and
 * `ERR_IO` for everything else. Returns all other errors unchanged.
 *
 * @param doing completes "Cannot ...", for example `read answers.jsonl`
 * @param hint sentence that tells the reader what to do or to know
 */
export function fileError(error: unknown, doing: string, hint?: string): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  const known = SYSTEM_ERRORS[code] ?? { code: 'ERR_IO', reason: 'the system refused' };
  const message = `Cannot ${doing}: ${known.reason} (${code})${hint === undefined ? '' : `. ${hint}`}`;
  return new EngineError(known.code, message, { cause: error });
}

/** Runs `action`, and rejects with {@link fileError} if a file operation fails. */
export async function withFileErrors<T>(doing: string, action: () => Promise<T>, hint?: string): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw fileError(error, doing, hint);
  }
}
