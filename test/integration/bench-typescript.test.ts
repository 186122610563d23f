import { join } from 'node:path';

import { expect, it } from 'vitest';

import type * as find from '../../packages/bench-gate/src/find-benchmarks.js';
import type * as processes from '../../packages/bench-gate/src/process/child-process.js';
import { compiledBenchGate } from '../support/compiled-bench-gate.js';
import { GitProject } from '../support/git-project.js';

const { BenchmarkProcess } = await compiledBenchGate<typeof processes>('process/child-process.js');
const { selectBenchmarks } = await compiledBenchGate<typeof find>('find-benchmarks.js');

it('compiles benchmarks in TypeScript, and leaves to tsx what needs it', async () => {
  const benchmark = (name: string): string => `export const benchmarks: object[] = [{ name: '${name}', sizes: {},
    prepare: async (revision: { import(path: string): Promise<{ value: number }> }) => {
      const { value } = await revision.import('value.ts');
      if (value !== 2) throw new Error('the value is ' + value);
      return { run: () => value };
    } }];`;
  const project = new GitProject();
  project.commit({
    'package.json': '{ "type": "module" }',
    'value.ts': 'export const value: number = 2;',
    'mixed.js': "import './value.js';",
    'bench/a.ts': benchmark('compiled'),
    // JavaScript stays where it is, and Node alone does not find the TypeScript that it imports.
    'bench/b.ts': `import '../mixed.js';\n${benchmark('mixed')}`,
  });
  const { root } = project;
  const benchmarks = await selectBenchmarks(root, { paths: ['bench'], names: [], purpose: 'check' });
  expect(benchmarks).toMatchObject([
    { name: 'compiled', module: expect.stringMatching(/modules.[0-9a-f]{32}\.mjs$/) as string },
    { name: 'mixed', module: join(root, 'bench/b.ts') },
  ]);
  for (const benchmark of benchmarks) {
    const { process } = await BenchmarkProcess.start({ benchmark, root }, { peer: false });
    await process.finish(root);
    await process.stop();
  }
});
