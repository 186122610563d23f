import { EngineError } from './errors.js';

/** What the file system says in words; every other code is passed on as it is. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EMFILE: 'too many open files',
};

/** A path that is not there, or is not a file, is wrong input; everything else is the file system's refusal. */
const WRONG_INPUT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

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
  const message = `Cannot ${doing}: ${REASONS[code] ?? 'the system refused'} (${code})${hint === undefined ? '' : `. ${hint}`}`;
  return new EngineError(WRONG_INPUT.has(code) ? 'ERR_DATA' : 'ERR_IO', message, { cause: error });
}

/** Runs `action` and rejects with {@link fileError} where the file system refuses. */
export async function withFileErrors<T>(doing: string, action: () => Promise<T>, hint?: string): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw fileError(error, doing, hint);
  }
}
