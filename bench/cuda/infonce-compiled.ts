/**
 * The same as infonce.ts beside torch.compile; a module of its own, as a compiler that fails would take the other's
 * figures with it.
 */
import type { Benchmark } from '../../src/benchmarking/benchmark.js';
import { infoNceBeside } from './infonce.js';
import { TORCH } from './torch-peer.js';

export { environment } from '../support/engine.js';

export const benchmarks: Benchmark[] = TORCH === undefined ? [] : infoNceBeside('compiled');
