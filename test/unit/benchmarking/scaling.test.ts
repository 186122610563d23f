import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { listBenchmarks } from '../../../src/benchmarking/child-process.js';
import { measureScalingBlock } from '../../../src/benchmarking/scaling.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Its time follows from its threads; `locked` threads of the head wait for each other. */
const MODULE = `export const benchmarks = ['free', 'locked'].map((name) => ({
  name, sizes: {}, scaling: { one: { THREADS: '1' }, all: { THREADS: '2' } },
  prepare: (revision) => {
    const threads = name === 'locked' && revision.root === '/head' ? 1 : Number(process.env.THREADS);
    return { timesItself: true, run: () => 0.025 / threads };
  },
}));`;

it('detects lost parallelism, which one thread does not show', async () => {
  const file = join(temporaryFolder(), 'bench.mjs');
  writeFileSync(file, MODULE);
  const growth: Record<string, number> = {};
  for (const benchmark of await listBenchmarks(file)) {
    const block = await measureScalingBlock(benchmark, { base: { root: '/base' }, head: { root: '/head' } }, 2);
    if (block.kind !== 'measured') throw new Error(block.reason);
    growth[benchmark.name] = Math.expm1(block.logRatios[1]!);
  }
  expect(growth['free']).toBeCloseTo(0, 2);
  expect(growth['locked']).toBeCloseTo(1, 2); // twice the time on all threads
});
