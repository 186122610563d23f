import { onAbort, throwIfAborted } from '../../core/abort.js';
import type { CallResult, Request } from '../call.js';
import type { Endpoint } from '../project-types.js';
import { ProviderError } from '../provider-error.js';
import { createProvider } from './create-provider.js';
import type { Provider } from './provider.js';

/**
 * Makes one attempt of a call, within the time limit of its endpoint.
 *
 * @throws ProviderError that says whether to retry; EngineError `ERR_ABORTED`
 */
export type Attempt = (request: Request, signal: AbortSignal | undefined) => Promise<CallResult>;

/** Opens an endpoint whose calls this process makes. @throws EngineError like {@link createProvider} */
export async function openEndpoint(
  name: string,
  endpoint: Endpoint,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Attempt> {
  return withTimeLimit(await createProvider(name, endpoint, env), endpoint.timeoutSeconds);
}

/** Adds a time limit, which includes reading the body of the answer. */
export function withTimeLimit(provider: Provider, seconds: number): Attempt {
  return async (request, signal) => {
    throwIfAborted(signal);
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    // AbortSignal.any would keep every attempt alive as long as the signal of the run.
    const forget = onAbort(signal, abort);
    const timer = setTimeout(abort, seconds * 1000);
    try {
      return await provider.attempt(request, controller.signal);
    } catch (error) {
      throwIfAborted(signal);
      if (controller.signal.aborted)
        throw new ProviderError('transient', `no answer in ${seconds} s`, { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
      forget();
    }
  };
}
