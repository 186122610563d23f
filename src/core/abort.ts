import { EngineError, type Remedy } from './errors.js';

interface Subscribers {
  actions: Set<() => void>;
  fire: () => void;
}

/** By signal. */
const subscribers = new WeakMap<AbortSignal, Subscribers>();

/**
 * Runs `action` when the signal fires. Calls that share a signal share one listener: Node takes more than ten for a
 * leak, and a program may well have hundreds of calls in flight.
 *
 * @returns what takes the action back; the last one takes the listener off the signal
 */
export function onAbort(signal: AbortSignal | undefined, action: () => void): () => void {
  if (!signal) return () => undefined;
  const { actions, fire } = subscribers.get(signal) ?? subscribe(signal);
  const own = (): void => action(); // also where one function is given twice
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
 * to end.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(abortError(signal));
    const forget = onAbort(signal, () => reject(abortError(signal)));
    void work.then(resolve, reject).finally(forget);
  });
}

/** Waits for so many milliseconds. @throws EngineError `ERR_ABORTED` as soon as the signal fires */
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
