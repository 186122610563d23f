/** Says which benchmarks can be measured in the same process, one after the other. */
import { extname } from 'node:path';

import type { BenchmarkInfo } from './protocol.js';

/**
 * Benchmarks with the same key need the same environment, and a loader for the same language.
 *
 * @param environments further environment variables that their processes get
 */
export function processKey(
  { module, env }: Pick<BenchmarkInfo, 'module' | 'env'>,
  ...environments: readonly Readonly<Record<string, string>>[]
): string {
  return JSON.stringify([extname(module), ...[env, ...environments].map((one) => Object.entries(one).sort())]);
}
