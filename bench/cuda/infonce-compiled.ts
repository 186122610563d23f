/**
 * The benchmarks of infonce.ts with torch.compile as the peer. They have their own module because a compiler failure
 * would lose the other figures too.
 */
import type { Benchmark } from '../../packages/bench-gate/src/benchmark.js';
import { infoNceBeside } from './infonce.js';
import { TORCH } from './torch-peer.js';

export { environment } from '../support/engine.js';

export const benchmarks: Benchmark[] = TORCH === undefined ? [] : infoNceBeside('compiled');
