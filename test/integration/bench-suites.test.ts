import { expect, it } from 'vitest';

import { GitProject } from '../support/git-project.js';
import { SUITES, suiteSource } from '../support/suites.js';

/** The compiled modules, because each process loads them. */
const { BenchmarkProcess } = (await import(
  '../../packages/bench-gate/dist/process/child-process.js'
)) as typeof import('../../packages/bench-gate/src/process/child-process.js');
const { selectBenchmarks } = (await import(
  '../../packages/bench-gate/dist/find-benchmarks.js'
)) as typeof import('../../packages/bench-gate/src/find-benchmarks.js');

it('reads suites of vitest, tinybench and mitata, and gives them the code of the build under test', async () => {
  const [project, slow] = [new GitProject(), new GitProject()];
  project.commit({ ...SUITES, 'source.mjs': suiteSource(3000) });
  slow.commit({ 'source.mjs': suiteSource(30_000) });
  const benchmarks = await selectBenchmarks(project.root, { paths: ['bench'], names: [], purpose: 'check' });
  expect(benchmarks.map(({ name }) => name)).toEqual([
    'a/group/vitest',
    'a/group/with setup',
    'b/suite/tinybench',
    'b/suite/prepared',
    'c/group/mitata 1',
    'c/group/mitata 2',
    'c/plain',
  ]);
  const secondsIn = async (name: string, root: string): Promise<number> => {
    const benchmark = benchmarks.find((candidate) => candidate.name === name)!;
    const { process } = await BenchmarkProcess.start({ benchmark, root }, { peer: false });
    const seconds = await process.sample('subject', 5);
    await process.finish(root);
    await process.stop();
    return Math.min(...seconds);
  };
  for (const name of ['a/group/vitest', 'b/suite/tinybench', 'c/group/mitata 2']) {
    const [own, other] = [await secondsIn(name, project.root), await secondsIn(name, slow.root)];
    expect(own).toBeLessThan(0.001); // seconds of one call
    expect(other / own).toBeGreaterThan(4);
  }
  // These fail unless their hooks run.
  for (const name of ['a/group/with setup', 'b/suite/prepared'])
    expect(await secondsIn(name, project.root)).toBeGreaterThan(0);
});
