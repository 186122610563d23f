import { expect, it } from 'vitest';

import type * as find from '../../packages/bench-gate/src/find-benchmarks.js';
import type * as processes from '../../packages/bench-gate/src/process/child-process.js';
import { compiledBenchGate } from '../support/compiled-bench-gate.js';
import { GitProject } from '../support/git-project.js';
import { SUITES, suiteSource } from '../support/suites.js';

const { BenchmarkProcess } = await compiledBenchGate<typeof processes>('process/child-process.js');
const { selectBenchmarks } = await compiledBenchGate<typeof find>('find-benchmarks.js');

it('reads suites of vitest, tinybench and mitata, and gives them the code of the build under test', async () => {
  const [project, other] = [new GitProject(), new GitProject()];
  project.commit({ ...SUITES, 'source.mjs': suiteSource(3000) });
  other.commit({ 'source.mjs': "export function work() { throw new Error('the other build'); }" });
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
  const prepare = async (name: string, root: string): Promise<void> => {
    const benchmark = benchmarks.find((candidate) => candidate.name === name)!;
    const { process } = await BenchmarkProcess.start({ benchmark, root }, { peer: false });
    await process.finish(root);
    await process.stop();
  };
  for (const name of ['a/group/vitest', 'b/suite/tinybench', 'c/group/mitata 2'])
    await expect(prepare(name, other.root)).rejects.toThrow('the other build');
  // The first two fail unless their hooks run.
  for (const name of ['a/group/with setup', 'b/suite/prepared', 'c/plain']) await prepare(name, project.root);
});
