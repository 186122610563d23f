/**
 * Measures how well both builds spread work over threads: time on all threads / time on one thread. A lock or lost
 * parallelism adds to the first only. All four processes take turns, so other load affects both builds alike. Where no
 * core is free, the processor time of the busiest thread still shows how work is spread.
 */

import type { BenchmarkInfo } from '../process/protocol.js';
import { type Sides, STEADY_MEMORY } from './block.js';
import { Team } from './team.js';

export type ScalingContender = 'headAll' | 'headOne' | 'baseAll' | 'baseOne';

/**
 * Longer than a sample of time: other load delays one of the threads in most iterations, and the lowest time is that of
 * an iteration in which it did not.
 */
const SAMPLE_SECONDS = 0.06;

/** Returns four processes, whose blocks are ln of (head on all threads / on one) / (base on all threads / on one). */
export function scalingTeam(
  { env, scaling }: Pick<BenchmarkInfo, 'env' | 'scaling'>,
  sides: Sides,
  signal?: AbortSignal,
): Team<ScalingContender> {
  const { one, all } = scaling!;
  const process = (side: 'base' | 'head', threads: Readonly<Record<string, string>>) => ({
    side,
    root: sides[side].root,
    env: { ...env, ...STEADY_MEMORY, ...threads, ...sides[side].env },
  });
  return new Team({
    contenders: {
      headAll: process('head', all),
      headOne: process('head', one),
      baseAll: process('base', all),
      baseOne: process('base', one),
    },
    order: ['baseOne', 'baseAll', 'headAll', 'headOne'],
    logRatio: (low) => Math.log(low('headAll') / low('headOne')) - Math.log(low('baseAll') / low('baseOne')),
    processorTime: 'of the busiest thread',
    sampleSeconds: SAMPLE_SECONDS,
    signal,
  });
}
