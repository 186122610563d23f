import { onAbort } from '../core/abort.js';
import { EngineError, isErrorCode } from '../core/errors.js';
import { expectCallback, expectOptions, expectSignal } from '../core/validate.js';

const CANCEL = 0;
const PROGRESS = 1;
const PROGRESS_INTERVAL_MS = 100;

/** Options of every operation that runs outside the main thread. */
export interface CallOptions {
  /** Cancels the operation between two tiles; the promise then rejects with `ERR_ABORTED`. */
  signal?: AbortSignal | undefined;
  /** Called about ten times per second with the number of units (usually rows) done so far. */
  onProgress?: ((done: number) => void) | undefined;
}

/** @throws EngineError `ERR_ARG_TYPE` */
export function expectCallOptions(options: CallOptions | undefined): CallOptions {
  const { signal, onProgress } = expectOptions(options, 'options', ['signal', 'onProgress']);
  return resolveCallOptions(signal, onProgress);
}

/** @throws EngineError `ERR_ARG_TYPE` */
export function resolveCallOptions(signal: unknown, onProgress: unknown): CallOptions {
  return {
    signal: expectSignal(signal, 'signal'),
    onProgress: expectCallback(onProgress as CallOptions['onProgress'], 'onProgress'),
  };
}

/** Copies a list, because native code does not take a proxy of an array for an array. */
export function plainList<T>(list: readonly T[]): T[] {
  return list.slice();
}

/**
 * Runs one native operation. Gives it a control block that is connected to `signal` and `onProgress`, and converts its
 * rejection to an EngineError whose stack starts at the caller of `hideAbove`, the public function. Whatever
 * `onProgress` throws ends the operation and is passed on unchanged.
 */
export async function callNative<T>(
  hideAbove: (...args: never[]) => unknown,
  options: CallOptions,
  start: (control: Int32Array) => Promise<T>,
): Promise<T> {
  const { signal, onProgress } = options;
  // Captured before the first await, because the caller's stack frames are lost afterwards. An Error would capture them
  // twice, which takes longer than a small operation.
  const site: { stack?: string } = {};
  Error.captureStackTrace(site, hideAbove);
  const fail = (code: EngineError['code'], message: string, cause?: unknown): EngineError => {
    const error = new EngineError(code, message, { cause });
    error.stack = `${error.name}: ${message}\n${(site.stack ?? '').split('\n').slice(1).join('\n')}`;
    return error;
  };
  const control = new Int32Array(2);
  const cancel = (): void => void Atomics.store(control, CANCEL, 1);
  if (signal?.aborted) throw fail('ERR_ABORTED', 'The operation was aborted', signal.reason);
  const forget = onAbort(signal, cancel);
  let thrown: { error: unknown } | undefined;
  const report = (): void => {
    try {
      if (!thrown) onProgress?.(Atomics.load(control, PROGRESS));
    } catch (error) {
      thrown = { error };
      cancel();
    }
  };
  const timer = onProgress && setInterval(report, PROGRESS_INTERVAL_MS);
  try {
    const result = await start(control);
    if (thrown) throw thrown.error;
    return result;
  } catch (error) {
    if (thrown) throw thrown.error;
    if (error instanceof Error && 'code' in error && isErrorCode(error.code)) {
      throw fail(error.code, error.message, error.code === 'ERR_ABORTED' ? signal?.reason : undefined);
    }
    throw fail('ERR_INTERNAL', error instanceof Error ? error.message : String(error), error);
  } finally {
    forget();
    clearInterval(timer);
  }
}

/**
 * Runs a native operation on the calling thread, and converts what it throws to an EngineError whose stack starts at
 * the caller of `hideAbove`.
 */
export function callNativeSync<T>(hideAbove: (...args: never[]) => unknown, start: () => T): T {
  try {
    return start();
  } catch (error) {
    const isOurs = error instanceof Error && 'code' in error && isErrorCode(error.code);
    const message = error instanceof Error ? error.message : String(error);
    throw new EngineError(isOurs ? (error.code as EngineError['code']) : 'ERR_INTERNAL', message, {
      hideAbove,
      ...(!isOurs && { cause: error }),
    });
  }
}
