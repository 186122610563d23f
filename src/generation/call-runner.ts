import { EngineError } from '../core/errors.js';
import type { Budget } from './budget.js';
import { type Call, callKey, costOf } from './call.js';
import type { CallStore } from './call-store.js';
import type { EndpointQueue } from './endpoint-queue.js';
import { ProviderError } from './provider-error.js';

/** Makes the calls that have no stored result yet, and stores their results. */
export class CallRunner {
  readonly #inFlight = new Map<string, Promise<void>>();
  #stopped: unknown;
  /** Reasons why calls failed permanently in this run, by key. */
  readonly failures = new Map<string, string>();

  constructor(
    private readonly store: CallStore,
    private readonly budget: Budget,
    private readonly queues: ReadonlyMap<string, EndpointQueue>,
  ) {}

  /**
   * Makes a call unless its result is stored. Resolves when the call has started and its endpoint accepts another one;
   * `settle` reports the outcome.
   *
   * @param onDone is called when the call succeeded or failed permanently
   * @returns false if no call was needed
   * @throws EngineError `ERR_REMOTE`, `ERR_BUDGET`, `ERR_IO`, `ERR_ABORTED`: the error that stopped the run
   */
  async start(call: Call, onDone: (failed: boolean) => void): Promise<boolean> {
    const key = callKey(call);
    if (this.store.has(key) || this.#inFlight.has(key) || this.failures.has(key)) return false;
    const queue = this.queues.get(call.endpoint);
    if (!queue) throw new EngineError('ERR_INTERNAL', `The endpoint ${call.endpoint} is unknown`);
    await queue.ready();
    this.#throwIfStopped();
    // Another lane may have started it in the meantime.
    if (this.store.has(key) || this.#inFlight.has(key)) return false;
    const work = this.#make(call, key, queue)
      .then(onDone, (error: unknown) => {
        this.#stopped ??= error;
      })
      .finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, work);
    return true;
  }

  /** Waits for all calls in flight. @throws the error that stopped the run */
  async settle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight.values());
    this.#throwIfStopped();
  }

  /** @returns true if the call failed permanently */
  async #make(call: Call, key: string, queue: EndpointQueue): Promise<boolean> {
    let giveBack: (() => void) | undefined;
    try {
      const result = await queue.run(call.request, () => {
        // Calls that are still queued when the run stops are not made.
        this.#throwIfStopped();
        giveBack = this.budget.reserve(call);
      });
      const { promptTokens, completionTokens } = result;
      const meta = {
        stage: call.stage,
        model: call.model,
        promptTokens,
        completionTokens,
        usd: costOf(call.price, promptTokens, completionTokens),
      };
      await this.store.put(key, meta, result);
      this.budget.add(meta);
      return false;
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      this.failures.set(key, error.message);
      return true;
    } finally {
      giveBack?.();
    }
  }

  #throwIfStopped(): void {
    if (this.#stopped !== undefined) throw this.#stopped as Error;
  }
}
