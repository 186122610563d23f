import type { CallResult, Request } from '../call.js';

/** Makes single attempts of calls at one endpoint. */
export interface Provider {
  /**
   * @param signal ends the attempt, its time limit included. It belongs to this attempt: clients leave listeners on it.
   * @throws ProviderError saying whether another attempt makes sense
   */
  attempt(request: Request, signal: AbortSignal): Promise<CallResult>;
}
