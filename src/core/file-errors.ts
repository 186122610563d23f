import { EngineError, type ErrorCode } from './errors.js';

/**
 * Errors of the operating system that a person can act on. A path that is not there, or is not a file, is wrong input;
 * the others are the system's refusals.
 */
const SYSTEM_ERRORS: Readonly<Record<string, { code: ErrorCode; reason: string }>> = {
  ENOENT: { code: 'ERR_DATA', reason: 'no such file or folder' },
  ENOTDIR: { code: 'ERR_DATA', reason: 'a part of the path is not a folder' },
  EISDIR: { code: 'ERR_DATA', reason: 'it is a folder' },
  EEXIST: { code: 'ERR_DATA', reason: 'it exists already' },
  ENAMETOOLONG: { code: 'ERR_DATA', reason: 'a name in the path is too long' },
  ELOOP: { code: 'ERR_DATA', reason: 'the path has too many symbolic links' },
  EACCES: { code: 'ERR_IO', reason: 'permission denied' },
  EPERM: { code: 'ERR_IO', reason: 'permission denied' },
  EROFS: { code: 'ERR_IO', reason: 'the file system is read-only' },
  ENOSPC: { code: 'ERR_IO', reason: 'no space left on the device' },
  EDQUOT: { code: 'ERR_IO', reason: 'the disk quota is used up' },
  EMFILE: { code: 'ERR_IO', reason: 'too many open files' },
  EIO: { code: 'ERR_IO', reason: 'the device reports an error' },
  ENOMEM: { code: 'ERR_OUT_OF_MEMORY', reason: 'the system has no memory left' },
};

/** The code of an EngineError for one of the operating system; undefined for those that only a bug can cause. */
export function codeOfSystemError(code: string): ErrorCode | undefined {
  return Object.hasOwn(SYSTEM_ERRORS, code) ? SYSTEM_ERRORS[code]!.code : undefined;
}

/** The code of a file system error such as `ENOENT`, undefined for any other value. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error
    ? error.code
    : undefined;
}

/**
 * Turns an error of node:fs into an EngineError: `ERR_DATA` for a path that does not exist or is of the wrong kind,
 * `ERR_IO` for everything else. EngineErrors and errors of other origin are returned as they are.
 *
 * @param doing what was tried, for example `read answers.jsonl`
 * @param hint what the reader of the message can do or needs to know
 */
export function fileError(error: unknown, doing: string, hint?: string): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  const known = SYSTEM_ERRORS[code] ?? { code: 'ERR_IO', reason: 'the system refused' };
  const message = `Cannot ${doing}: ${known.reason} (${code})${hint === undefined ? '' : `. ${hint}`}`;
  return new EngineError(known.code, message, { cause: error });
}

/** Runs `action` and rejects with {@link fileError} if the file system refuses. */
export async function withFileErrors<T>(doing: string, action: () => Promise<T>, hint?: string): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw fileError(error, doing, hint);
  }
}
