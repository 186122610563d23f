/** Calls of the exported functions, constructors and methods, with wrong arguments and at wrong moments. */
import { setTimeout as sleep } from 'node:timers/promises';

import { EngineError } from '../../src/core/errors.js';
import { type ApiCall, type Arguments, apiCalls, type Instances, release, settle } from '../support/api-calls.js';
import { faultOf } from '../support/api-faults.js';
import { evaluationSamples, functionSamples } from '../support/api-function-samples.js';
import { apiInstances, methodSamples, postgresSamples } from '../support/api-method-samples.js';
import type { ApiScene } from '../support/api-scene.js';
import { KINDS, type Mutation, mutate } from '../support/hostile.js';
import type { Choices } from './choices.js';
import type { Outcome, Target } from './outcome.js';
import { weighted } from './weights.js';

/** A wrong number can make a call long. It is aborted after this time and must then end. */
const PATIENCE_MS = 250;
/** Wrong options can mean the default ones, which make a fit take seconds on a busy machine. */
const DEADLINE_MS = 60_000;

/** The moments of a call. The last three are for methods only. */
const FUNCTION_WAYS = ['alone', 'alone', 'alone', 'alone', 'together', 'aborted'] as const;
const METHOD_WAYS = [...FUNCTION_WAYS, 'on something else', 'after the end', 'during the end'] as const;
type Way = (typeof METHOD_WAYS)[number];

export interface FunctionPlan {
  name: string;
  way: Way;
  /** The mutations of the arguments of each call; several calls run at the same time. */
  calls: Mutation[][];
  /** Time before the signal of the calls fires. */
  abortMs: number;
}

type Methods = Record<string, (...args: readonly unknown[]) => unknown>;

export class FunctionTarget implements Target<FunctionPlan> {
  readonly #names: string[];

  private constructor(
    private readonly calls: ReadonlyMap<string, ApiCall>,
    private readonly samples: Readonly<Record<string, Arguments>>,
    private readonly instances: Instances,
    private readonly kept: Readonly<Record<string, unknown>>,
  ) {
    this.#names = weighted(Object.keys(samples), (name) => name);
  }

  static async open(scene: ApiScene): Promise<FunctionTarget> {
    const instances = apiInstances(scene);
    const kept: Record<string, unknown> = {};
    for (const name of ['Collection', 'Encoder', 'WordPieceTokenizer']) kept[name] = await instances[name]!();
    const samples = {
      ...(await evaluationSamples(scene)),
      ...functionSamples(scene),
      ...methodSamples(scene),
      ...(scene.table && postgresSamples(scene)),
    };
    return new FunctionTarget(await apiCalls(instances, kept), samples, instances, kept);
  }

  plan(choices: Choices): FunctionPlan {
    const name = choices.of(this.#names);
    const way = choices.of(name.includes('#') ? METHOD_WAYS : FUNCTION_WAYS);
    const mutations = (): Mutation[] =>
      choices.chance(0.15)
        ? []
        : Array.from({ length: choices.few(4) }, () => ({
            argument: choices.below(12),
            path: Array.from({ length: choices.few(5) - 1 + choices.below(2) }, () => choices.below(12)),
            kind: choices.of(KINDS),
          }));
    const calls = Array.from({ length: way === 'together' ? 2 + choices.below(3) : 1 }, mutations);
    const isRight = calls.every((mutated) => mutated.length === 0);
    const abortMs = way === 'aborted' ? choices.below(4) : isRight ? DEADLINE_MS : PATIENCE_MS;
    return { name, way, calls, abortMs };
  }

  async run({ name, way, calls, abortMs }: FunctionPlan): Promise<Outcome[]> {
    const [owner = '', method] = name.split('#');
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(), abortMs);
    const argumentsOf = (mutations: readonly Mutation[]): unknown[] =>
      mutations.reduce<unknown[]>(mutateIfPossible, this.samples[name]!(ending.signal));
    try {
      if (method === undefined || way === 'alone') {
        const call = this.calls.get(name)!;
        return await Promise.all(
          calls.map((mutations) => judge(name, call(argumentsOf(mutations)), strictnessOf(mutations))),
        );
      }
      const isBorrowed = owner in this.kept && (way === 'together' || way === 'aborted');
      const instance = (isBorrowed ? this.kept[owner] : await this.instances[owner]!()) as Methods;
      const start = async (receiver: unknown, mutations: readonly Mutation[]): Promise<void> =>
        settle(await Reflect.apply(instance[method]!, receiver, argumentsOf(mutations)));
      try {
        if (way === 'on something else')
          return await Promise.all(
            others(instance).map((other) => judge(`${name} of another object`, start(other, calls[0]!), isError)),
          );
        if (way === 'after the end') await release(instance);
        const outcomes = calls.map((mutations) => judge(name, start(instance, mutations), strictnessOf(mutations)));
        if (way === 'during the end') outcomes.push(judge(name, release(instance)));
        return await Promise.all(outcomes);
      } finally {
        if (!isBorrowed) await release(instance);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    for (const instance of Object.values(this.kept)) await release(instance);
  }
}

/** An earlier mutation may have put something there that throws when it is looked at. */
function mutateIfPossible(args: unknown[], mutation: Mutation): unknown[] {
  try {
    return mutate(args, mutation);
  } catch {
    return args;
  }
}

/** What a method may be called on by mistake. */
function others(instance: object): unknown[] {
  return [undefined, {}, Object.create(instance), new Proxy(instance, {}), new Map(), Float32Array.of(1)];
}

/** What is right at one moment and wrong at the next can lead to any error, but to nothing worse. */
function strictnessOf(mutations: readonly Mutation[]): typeof faultOf {
  return mutations.some(({ kind }) => kind === 'different at every look') ? isError : faultOf;
}

/** JavaScript itself complains of a wrong `this`; that it does is enough. */
function isError(error: unknown): string | undefined {
  return error instanceof Error ? undefined : `not an error: ${String(error)}`;
}

async function judge(name: string, work: Promise<void>, faultIn = faultOf): Promise<Outcome> {
  const ending = work.then(
    (): Outcome => ({ name }),
    (error: unknown): Outcome => {
      const fault = faultIn(error);
      return { name, refused: error instanceof EngineError ? error.code : 'other', ...(fault && { fault }) };
    },
  );
  const late = { name, refused: 'no end', fault: `no end within ${DEADLINE_MS} ms` };
  const patience = new AbortController();
  const deadline = sleep(DEADLINE_MS, late, { ref: true, signal: patience.signal });
  deadline.catch(() => undefined);
  try {
    return await Promise.race([ending, deadline]);
  } finally {
    patience.abort();
  }
}
