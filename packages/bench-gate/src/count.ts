/** Counts the instructions of benchmarks in one build. */
import { resolve } from 'node:path';

import { type BenchOptions, countingTools } from './check.js';
import type { BuildCount } from './counting/build-count.js';
import { countBuilds } from './counting/count.js';
import { BenchError } from './errors.js';
import { selectBenchmarks } from './find-benchmarks.js';

export interface CountOptions extends BenchOptions {
  /** Time for all benchmarks together, in seconds. Those after it are not counted. @default no limit */
  budget?: number;
}

/**
 * Counts the instructions of one iteration of each benchmark, and of its functions. The project must be built.
 *
 * @returns by the name of the benchmark, the instructions, or the reason why they cannot be counted
 * @throws BenchError `ERR_DEVICE_UNAVAILABLE` if Valgrind or a C compiler is missing
 */
export async function count(options: CountOptions = {}): Promise<Map<string, BuildCount>> {
  const { bench = ['bench'], names = [], signal, onProgress, budget = Infinity } = options;
  const root = resolve(options.root ?? '.');
  const benchmarks = await selectBenchmarks(root, { paths: bench, names, purpose: 'check' }, signal);
  const tools = await countingTools(root);
  if ('missing' in tools) throw new BenchError('ERR_DEVICE_UNAVAILABLE', tools.missing);
  let counted = 0;
  const [counts] = await countBuilds(benchmarks, [{ side: { root } }], {
    requests: tools.requests,
    deadline: performance.now() + 1000 * budget,
    signal,
    onCounted: () => onProgress?.('count', ++counted, benchmarks.length),
  });
  return new Map(benchmarks.map(({ name }) => [name, counts!.get(name)!]));
}
