/** Stands in for the package vitest while a suite is read: declares benchmarks, and runs none. */
import { collect, inGroup } from './collector.js';

type Hook = (...args: unknown[]) => unknown;

interface BenchOptions {
  setup?: Hook;
  teardown?: Hook;
  beforeAll?: Hook;
  afterAll?: Hook;
  beforeEach?: Hook;
  afterEach?: Hook;
}

/** Hooks of the groups around the current one, outermost first. */
let scope: { before: Hook[]; after: Hook[] } = { before: [], after: [] };

const task = {}; // what setup and teardown receive; it has nothing here

function declare(name: unknown, run: Hook = () => undefined, options: BenchOptions = {}): void {
  const { setup, teardown, beforeAll: first, afterAll: last, beforeEach: before, afterEach: after } = options;
  const around = scope;
  collect({
    name: nameOf(name),
    start: async () => {
      for (const hook of around.before) await hook();
      await setup?.(task, 'run');
      await first?.call(task);
      return { run: () => run(), before: before?.bind(task), after: after?.bind(task) };
    },
    end: async () => {
      await last?.call(task);
      await teardown?.(task, 'run');
      for (const hook of around.after.toReversed()) await hook();
    },
  });
}

function group(name: unknown, declareAll: Hook): unknown {
  const outer = scope;
  scope = { before: [...outer.before], after: [...outer.after] };
  try {
    return inGroup(nameOf(name), () => declareAll());
  } finally {
    scope = outer;
  }
}

function nameOf(name: unknown): string {
  return typeof name === 'function' ? name.name : String(name);
}

const ignore = (): void => undefined;
const withVariants = <T extends (...args: never[]) => unknown>(declareOne: T) =>
  Object.assign(declareOne, {
    only: declareOne,
    skip: ignore,
    todo: ignore,
    skipIf: (condition: unknown) => (condition ? ignore : declareOne),
    runIf: (condition: unknown) => (condition ? declareOne : ignore),
  });

export const bench = withVariants(declare);
export const describe = withVariants(group);
export const suite = describe;
export const beforeAll = (hook: Hook): void => void scope.before.push(hook);
export const afterAll = (hook: Hook): void => void scope.after.push(hook);
/** Vitest runs these before and after tests only. */
export const beforeEach = ignore;
export const afterEach = ignore;
export const test = withVariants(ignore);
export const it = test;
