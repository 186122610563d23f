/** Collects the benchmarks that a suite declares. The stand-ins for the libraries in this folder fill it. */

type Action = () => unknown;

/** One benchmark of a suite. Everything but `run` is left out of its time. */
export interface CollectedBenchmark {
  name: string;
  /** Runs before the first call, and returns what is called. */
  start(): Run | Promise<Run>;
  /** Runs after the last call. */
  end?: Action | undefined;
}

export interface Run {
  run: Action;
  /** Runs before and after every call. */
  before?: Action | undefined;
  after?: Action | undefined;
}

const collected: CollectedBenchmark[] = [];
const groups: string[] = [];

export function collect(benchmark: CollectedBenchmark): void {
  collected.push({ ...benchmark, name: [...groups, benchmark.name].join('/') });
}

/** Adds a group to the names of the benchmarks that `declare` collects. */
export function inGroup(name: string | undefined, declare: Action): unknown {
  if (name !== undefined) groups.push(name);
  const leave = (): void => {
    if (name !== undefined) groups.pop();
  };
  let result: unknown;
  try {
    result = declare();
  } catch (error) {
    leave();
    throw error;
  }
  if (result instanceof Promise) return result.finally(leave);
  leave();
  return result;
}

export function takeCollected(): CollectedBenchmark[] {
  return collected.splice(0);
}
