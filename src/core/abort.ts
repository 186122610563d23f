import { EngineError, type Remedy } from './errors.js';

interface Subscribers {
  actions: Set<() => void>;
  fire: () => void;
}

const subscribers = new WeakMap<AbortSignal, Subscribers>();

/**
 * Runs `action` when the signal fires. Calls that share a signal share one listener, because Node warns of a leak if
 * there are more than ten, and a program can have hundreds of calls in flight.
 *
 * @returns a function that cancels the action; the last one removes the listener from the signal
 */
export function onAbort(signal: AbortSignal | undefined, action: () => void): () => void {
  if (!signal) return () => undefined;
  const { actions, fire } = subscribers.get(signal) ?? subscribe(signal);
  const own = (): void => action(); // a new function, in case the caller passes the same action twice
  actions.add(own);
  return () => {
    if (!actions.delete(own) || actions.size > 0) return;
    signal.removeEventListener('abort', fire);
    subscribers.delete(signal);
  };
}

function subscribe(signal: AbortSignal): Subscribers {
  const actions = new Set<() => void>();
  const fire = (): void => {
    for (const action of actions) action();
  };
  signal.addEventListener('abort', fire, { once: true });
  subscribers.set(signal, { actions, fire });
  return { actions, fire };
}

/**
 * Creates the error of an aborted operation: `ERR_ABORTED`, with the reason of the signal as its cause.
 *
 * @param signal the caller's signal, which has fired
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
 * Settles with the work, or rejects with `ERR_ABORTED` as soon as the signal fires, even if the work needs a moment to
 * end.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(abortError(signal));
    const forget = onAbort(signal, () => reject(abortError(signal)));
    void work.then(resolve, reject).finally(forget);
  });
}

/** Waits `ms` milliseconds. @throws EngineError `ERR_ABORTED` as soon as the signal fires */
export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  await new Promise<void>((resolve) => {
    const end = (): void => {
      forget();
      clearTimeout(timer);
      resolve();
    };
    const forget = onAbort(signal, end);
    const timer = setTimeout(end, ms);
  });
  throwIfAborted(signal);
}
