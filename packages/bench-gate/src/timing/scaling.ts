/**
 * Measures how well both builds spread work over threads: time on all threads / time on one thread. A lock or lost
 * parallelism adds to the first only. All four processes take turns, so other load affects both builds alike.
 */

import type { BenchmarkInfo } from '../process/protocol.js';
import { type BlockResult, measureContenders, type Sides, STEADY_MEMORY } from './block.js';

/** A block of ln of (head on all threads / head on one) / (base on all threads / base on one). */
export function measureScalingBlock(
  benchmark: BenchmarkInfo,
  sides: Sides,
  rounds: number,
  signal?: AbortSignal,
): Promise<BlockResult> {
  const { one, all } = benchmark.scaling!;
  const process = (side: 'base' | 'head', threads: Readonly<Record<string, string>>) => ({
    side,
    root: sides[side].root,
    env: { ...STEADY_MEMORY, ...threads, ...sides[side].env },
  });
  const contenders = {
    headAll: process('head', all),
    headOne: process('head', one),
    baseAll: process('base', all),
    baseOne: process('base', one),
  };
  return measureContenders(benchmark, contenders, {
    order: ['baseOne', 'baseAll', 'headAll', 'headOne'],
    logRatio: (low) => Math.log(low('headAll') / low('headOne')) - Math.log(low('baseAll') / low('baseOne')),
    rounds,
    signal,
  });
}
