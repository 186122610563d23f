/** Stands in for the package mitata while a suite is read: collects benchmarks, and runs none. */
import { collect, inGroup } from './collector.js';

type Action = (...args: unknown[]) => unknown;
type Arguments = Record<string, unknown[]>;

/** What a benchmark with parameters yields: a function, or a function with the parameters of each call. */
type Yielded = Action | ({ bench: Action } & Record<number, Action>);

const IGNORED = ['compact', 'baseline', 'highlight', 'gc'] as const;

/** A generator, whose first value is measured. */
type Yields = Iterator<Yielded, undefined> | AsyncIterator<Yielded, undefined>;

class Declared {
  #arguments: Arguments = {};
  #name: string;

  constructor(name: string, action: Action) {
    this.#name = name;
    // Parameters are declared by calls after this one, and all are known when the suite has been read.
    collectLater(() => {
      for (const values of combinations(this.#arguments)) collect(benchmarkOf(this.#name, action, values));
    });
    for (const method of IGNORED) Object.assign(this, { [method]: () => this });
  }

  name(name: string): this {
    this.#name = name;
    return this;
  }

  args(given: string | unknown[] | Arguments, values: unknown[] = []): this {
    if (typeof given === 'string') this.#arguments[given] = values;
    else if (Array.isArray(given)) this.#arguments['x'] = given;
    else Object.assign(this.#arguments, given);
    return this;
  }

  range(name: string, first: number, last: number, factor = 8): this {
    const values: number[] = [];
    for (let value = first; value < last; value *= factor) values.push(value);
    return this.args(name, [...values, last]);
  }

  dense_range(name: string, first: number, last: number, step = 1): this {
    const values: number[] = [];
    for (let value = first; value < last; value += step) values.push(value);
    return this.args(name, [...values, last]);
  }
}

let waiting: { groups: (declare: () => void) => void; declare: () => void }[] = [];
let path: string[] = [];

function collectLater(declare: () => void): void {
  const own = path;
  const groups = (inner: () => void): void => own.reduceRight((next, name) => () => void inGroup(name, next), inner)();
  waiting.push({ groups, declare });
}

/** Collects what was declared. Called when the suite has been read. */
export function collectDeclared(): void {
  for (const { groups, declare } of waiting) groups(declare);
  waiting = [];
}

function* combinations(given: Arguments): Generator<Record<string, unknown>> {
  const [first, ...rest] = Object.entries(given);
  if (!first) {
    yield {};
    return;
  }
  for (const others of combinations(Object.fromEntries(rest)))
    for (const value of first[1]) yield { [first[0]]: value, ...others };
}

function benchmarkOf(name: string, action: Action, values: Record<string, unknown>) {
  const named = Object.entries(values).reduce((text, [key, value]) => text.replaceAll(`$${key}`, String(value)), name);
  const missing = Object.entries(values).filter(([key]) => !name.includes(`$${key}`));
  const suffix = missing.map(([key, value]) => `${key}=${String(value)}`).join(' ');
  let generator: Yields | undefined;
  return {
    name: suffix === '' ? named : `${named} ${suffix}`,
    start: async () => {
      if (!/^(Async)?GeneratorFunction$/.test(action.constructor.name)) return { run: () => action() };
      generator = action({ get: (key: string) => values[key] }) as Yields;
      const { value } = await generator.next();
      if (!value) throw new Error(`${name} yields no function`);
      return runOf(value);
    },
    end: async () => {
      await generator?.next();
    },
  };
}

function runOf(yielded: Yielded) {
  if (typeof yielded === 'function') return { run: () => yielded() };
  const makers = Object.keys(yielded)
    .filter((key) => /^\d+$/.test(key))
    .map((key) => yielded[Number(key)]!);
  let parameters: unknown[] = [];
  return {
    before: () => {
      parameters = makers.map((make) => make());
    },
    run: () => yielded.bench(...parameters),
  };
}

export function bench(name: string | Action, action?: Action): Declared {
  return typeof name === 'string' ? new Declared(name, action!) : new Declared(name.name, name);
}

export function group(name: string | Action, declare?: Action): unknown {
  if (typeof name === 'function') return name();
  const outer = path;
  path = [...outer, name];
  const leave = (): void => {
    path = outer;
  };
  const result = declare!();
  if (result instanceof Promise) return result.finally(leave);
  leave();
  return result;
}

const plain = (declare: Action): unknown => declare();
export const [summary, boxplot, barplot, lineplot, compact] = [plain, plain, plain, plain, plain];
export const baseline = bench;
export const run = (): Promise<{ benchmarks: never[] }> => Promise.resolve({ benchmarks: [] });
export const measure = (): never => {
  throw new Error('measure() of mitata declares no benchmark that could be compared; use bench()');
};
export const flags = { compact: 1, baseline: 2 };
/** Keeps V8 from removing the computation of the value. */
export function do_not_optimize(value: unknown): void {
  kept.value = value;
}
const kept: { value: unknown } = { value: undefined };
export const B = Declared;
