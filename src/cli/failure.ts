import { EngineError, type ErrorCode, type OptionHint, withRemedies } from '../core/errors.js';
import { codeOfSystemError } from '../core/file-errors.js';

/** The message and the exit code of a process that ends with an error. */
export interface Failure {
  /** Text for standard error. */
  text: string;
  code: ErrorCode;
  exitCode: number;
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  ERR_NATIVE_LOAD: 'Run "univar doctor" to see what is missing and how to install it.',
  ERR_INTERNAL: 'This is a bug in univar. Please report it with the output of the same command with --verbose.',
};

/** Converts anything that was thrown to an EngineError. */
export function toEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? codeOfSystemError(String(error.code)) : undefined;
  if (code) return new EngineError(code, message, { cause: error });
  if (error instanceof Error && error.name === 'AbortError')
    return new EngineError('ERR_ABORTED', 'Interrupted', { cause: error });
  return new EngineError('ERR_INTERNAL', message, { cause: error });
}

/**
 * Returns the message and the exit code for an error. The message is one line, a hint if there is one, and with
 * `verbose` the stacks of the error and its causes.
 */
export function describeFailure(thrown: unknown, verbose: boolean): Failure {
  const error = toEngineError(thrown);
  const lines = [`error: ${messageOf(error)}`];
  const hint = HINTS[error.code];
  if (hint) lines.push(hint);
  if (verbose) lines.push(...stacks(thrown), `code: ${error.code}`);
  return { text: lines.join('\n'), code: error.code, exitCode: error.exitCode };
}

function messageOf({ code, problem, remedies }: EngineError): string {
  // The message names the operation that noticed Ctrl-C first. The user knows what was interrupted.
  return withRemedies(code === 'ERR_ABORTED' ? 'Interrupted' : problem, remedies, asFlag);
}

/** Formats `overwrite: true` as `--overwrite`, and `columns: { lang: ... }` as `--columns lang=...`. */
function asFlag({ name, value }: OptionHint): string {
  if (value === true) return flagOf(name);
  if (typeof value !== 'object') return `${flagOf(name)} ${value}`;
  const entries = Object.entries(value);
  // Defaults for all rows have separate flags: --model and --lang.
  if (name === 'defaults') return entries.map(([key, entry]) => `${flagOf(key)} ${entry}`).join(' ');
  return `${flagOf(name)} ${entries.map(([key, entry]) => `${key}=${entry}`).join(',')}`;
}

/** Formats `maxTokens` as `--max-tokens`. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function stacks(error: unknown): string[] {
  const lines: string[] = [];
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    lines.push(`${depth === 0 ? '' : 'caused by '}${cause.stack ?? cause.message}`);
  }
  return lines;
}
