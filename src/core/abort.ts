import { EngineError } from './errors.js';

/**
 * The error that an aborted operation rejects with: `ERR_ABORTED`, caused by the reason of the signal.
 *
 * @param signal of the caller, which has fired
 * @param message says what was aborted, and perhaps how to go on. @default 'The operation was aborted'
 */
export function abortError(signal: AbortSignal | undefined, message = 'The operation was aborted'): EngineError {
  return new EngineError('ERR_ABORTED', message, { cause: signal?.reason });
}

/** Throws {@link abortError} if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, message?: string): void {
  if (signal?.aborted) throw abortError(signal, message);
}
