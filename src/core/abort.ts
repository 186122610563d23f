import { EngineError, type Remedy } from './errors.js';

/**
 * The error that an aborted operation rejects with: `ERR_ABORTED`, caused by the reason of the signal.
 *
 * @param signal of the caller, which has fired
 * @param message says what was aborted. @default 'The operation was aborted'
 * @param remedies say how to resume. @default none
 */
export function abortError(
  signal: AbortSignal | undefined,
  message = 'The operation was aborted',
  remedies: readonly Remedy[] = [],
): EngineError {
  return new EngineError('ERR_ABORTED', message, { cause: signal?.reason, remedies });
}

/** Throws {@link abortError} if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, message?: string, remedies?: readonly Remedy[]): void {
  if (signal?.aborted) throw abortError(signal, message, remedies);
}

/**
 * Settles with the work, or rejects with `ERR_ABORTED` as soon as the signal fires, though the work may need a moment
 * to end. Leaves no listener on the signal.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortError(signal));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
