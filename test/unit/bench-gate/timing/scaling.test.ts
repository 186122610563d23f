import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { listBenchmarks } from '../../../../packages/bench-gate/src/process/list-benchmarks.js';
import { scalingTeam } from '../../../../packages/bench-gate/src/timing/scaling.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** Its time follows from its threads, and those of the head wait for each other. */
const MODULE = `export const benchmarks = [{
  name: 'locked', sizes: {}, scaling: { one: { THREADS: '1' }, all: { THREADS: '2' } },
  prepare: (revision) => {
    const threads = revision.root === '/head' ? 1 : Number(process.env.THREADS);
    return { timesItself: true, run: () => 0.025 / threads };
  },
}];`;

it('detects lost parallelism, which one thread does not show', async () => {
  const file = join(temporaryFolder(), 'bench.mjs');
  writeFileSync(file, MODULE);
  const [benchmark] = await listBenchmarks(file, '/head');
  const team = scalingTeam(benchmark!, { base: { root: '/base' }, head: { root: '/head' } });
  const block = await team.measure(benchmark!, 2).finally(() => team.stop());
  if (block.kind !== 'measured') throw new Error(block.reason);
  expect(Math.expm1(block.logRatios[1]!)).toBeCloseTo(1, 2); // twice the time on all threads
});
