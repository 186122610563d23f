import type { CallResult, Request } from '../call.js';

/** Makes single attempts of calls at one endpoint. */
export interface Provider {
  /**
   * @param signal ends the attempt, also at its time limit. It must not be shared: clients leave listeners on it.
   * @throws ProviderError that says whether to retry
   */
  attempt(request: Request, signal: AbortSignal): Promise<CallResult>;
}
