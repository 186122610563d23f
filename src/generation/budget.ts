import { EngineError } from '../core/errors.js';
import { type Call, costOf, requestTokens } from './call.js';
import type { CallMeta } from './call-store.js';

/** Number and cost of calls. */
export interface Spending {
  calls: number;
  promptTokens: number;
  completionTokens: number;
  usd: number;
}

export interface Limits {
  usd?: number | undefined;
  tokens?: number | undefined;
  calls?: number | undefined;
}

const NOTHING: Spending = { calls: 0, promptTokens: 0, completionTokens: 0, usd: 0 };

/** Adds up spending by stage and model, and refuses calls that could exceed the limits. */
export class Budget {
  readonly #byStage = new Map<string, Map<string, Spending>>();
  readonly total: Spending = { ...NOTHING };
  /** Maximum cost of the calls in flight. */
  readonly #reserved = { calls: 0, tokens: 0, usd: 0 };

  constructor(private readonly limits: Limits) {}

  /** Adds a finished call of this run or an earlier one. */
  add({ stage, model, promptTokens, completionTokens, usd }: CallMeta): void {
    const models = this.#byStage.get(stage) ?? new Map<string, Spending>();
    const spending = models.get(model) ?? { ...NOTHING };
    for (const sum of [spending, this.total]) {
      sum.calls++;
      sum.promptTokens += promptTokens;
      sum.completionTokens += completionTokens;
      sum.usd += usd;
    }
    models.set(model, spending);
    this.#byStage.set(stage, models);
  }

  /** Returns the spending of a stage by model. */
  of(stage: string): ReadonlyMap<string, Spending> {
    return this.#byStage.get(stage) ?? new Map<string, Spending>();
  }

  /**
   * Reserves the maximum cost of a call.
   *
   * @returns a function that releases the reservation
   * @throws EngineError `ERR_BUDGET` if the call could exceed a limit
   */
  reserve(call: Call): () => void {
    const { total, limits } = this;
    const reserved = this.#reserved;
    const prompt = requestTokens(call.request);
    const completion = call.request.kind === 'chat' ? call.request.maxTokens : prompt;
    const tokens = prompt + completion;
    const usd = costOf(call.price, prompt, completion);
    const over = (what: string, limit: number | undefined, after: number): void => {
      if (limit === undefined || after <= limit) return;
      throw new EngineError(
        'ERR_BUDGET',
        `The budget of ${limit} ${what} is used up: the next call of ${call.model} could exceed it. ` +
          'Raise the budget and run the same command again to resume',
      );
    };
    over('USD', limits.usd, total.usd + reserved.usd + usd);
    over('tokens', limits.tokens, total.promptTokens + total.completionTokens + reserved.tokens + tokens);
    over('calls', limits.calls, total.calls + reserved.calls + 1);
    reserved.calls++;
    reserved.tokens += tokens;
    reserved.usd += usd;
    return () => {
      reserved.calls--;
      reserved.tokens -= tokens;
      reserved.usd -= usd;
    };
  }
}
