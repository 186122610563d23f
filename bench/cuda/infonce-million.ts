/**
 * Measures infoNce of 1,048,576 pairs, whose matrix of logits would take 2 TiB in bf16. It has no peer, and its own
 * module because it takes long.
 */
import type { Benchmark } from '../../packages/bench-gate/src/benchmark.js';
import { infoNceBenchmark } from './infonce.js';
import { wantedSize } from './sizes.js';

export { environment } from '../support/engine.js';

const size = wantedSize({ full: { rows: 2 ** 20, dim: 768 }, small: { rows: 1024, dim: 64 } });

export const benchmarks: Benchmark[] =
  size === undefined ? [] : [infoNceBenchmark(size, { withoutCopies: true, rounds: 2 })];
