import { EngineError, type ErrorCode } from '../core/errors.js';

/** How the process ends because of an error. */
export interface Failure {
  /** What standard error receives; empty where it was said already. */
  text: string;
  exitCode: number;
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  ERR_NATIVE_LOAD: 'Run "univar doctor" to see what is missing and how to install it.',
  ERR_INTERNAL: 'This is a bug of univar. Please report it with the output of the same command with --verbose.',
};

/** Refusals of the operating system that a person can act on; everything else that is not an EngineError is our bug. */
const SYSTEM_CODES: Record<string, ErrorCode> = {
  ENOENT: 'ERR_DATA',
  ENOTDIR: 'ERR_DATA',
  EISDIR: 'ERR_DATA',
  ENOSPC: 'ERR_IO',
  EDQUOT: 'ERR_IO',
  EACCES: 'ERR_IO',
  EPERM: 'ERR_IO',
  EROFS: 'ERR_IO',
  EIO: 'ERR_IO',
  EMFILE: 'ERR_IO',
  ENOMEM: 'ERR_OUT_OF_MEMORY',
};

/** An EngineError for anything that was thrown. */
export function toEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const systemCode = error instanceof Error && 'code' in error ? SYSTEM_CODES[String(error.code)] : undefined;
  if (systemCode) return new EngineError(systemCode, message, { cause: error });
  if (error instanceof Error && error.name === 'AbortError')
    return new EngineError('ERR_ABORTED', 'Interrupted', { cause: error });
  return new EngineError('ERR_INTERNAL', message, { cause: error });
}

/**
 * The message and exit code for an error: one line, a hint where there is one, and the stack with its causes when asked
 * for.
 */
export function describeFailure(thrown: unknown, verbose: boolean): Failure {
  const error = toEngineError(thrown);
  const lines = [`error: ${inFlags(messageOf(error))}`];
  const hint = HINTS[error.code];
  if (hint) lines.push(hint);
  if (verbose) lines.push(...stacks(thrown), `code: ${error.code}`);
  return { text: lines.join('\n'), exitCode: error.exitCode };
}

/** Whatever noticed Ctrl-C first names its own work; the person who pressed it knows what was interrupted. */
function messageOf({ code, message }: EngineError): string {
  return code === 'ERR_ABORTED' && !message.startsWith('Interrupted') ? 'Interrupted' : message;
}

/**
 * Messages of the library name an option as callers write it, `(overwrite: true)`; on the command line it is a flag.
 */
function inFlags(message: string): string {
  return message
    .replace('(overwrite: true)', '(--overwrite)')
    .replace('(add: true)', '(--add)')
    .replace(/\(columns: ([^)]*)\)/, '(--columns $1)')
    .replace(/\(defaults: (\w+)=([^)]*)\)/, '(--$1 $2)');
}

function stacks(error: unknown): string[] {
  const lines: string[] = [];
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    lines.push(`${depth === 0 ? '' : 'caused by '}${cause.stack ?? cause.message}`);
  }
  return lines;
}
