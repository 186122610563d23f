import { EngineError, isErrorCode } from '../../src/core/errors.js';
import { CallersError } from './hostile-values.js';

/** Returns what is wrong with an error caused by a wrong argument, or undefined. */
export function faultOf(error: unknown): string | undefined {
  if (error instanceof CallersError) return undefined;
  if (!(error instanceof EngineError))
    return `not an EngineError: ${error instanceof Error ? error.stack : String(error)}`;
  const { code, message } = error;
  if (!isErrorCode(code) || code === 'ERR_INTERNAL') return `${code}: ${error.stack}`;
  const isWrongArgument = code.startsWith('ERR_ARG_') || code === 'ERR_SHAPE_MISMATCH';
  // The second form is that of the fields of records.
  const hasForm = /^Expected [^]+, got [^]+$|^[\w.[\]]+ (is|contains) /.test(message);
  if (isWrongArgument && !hasForm) return `an unusual message: ${message}`;
  if (/Cannot (read propert|destructure|convert|mix)|is not (a function|iterable)|\[object /.test(message))
    return `a JavaScript error in the message: ${message}`;
  return undefined;
}
