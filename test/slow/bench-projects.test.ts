import { execFileSync } from 'node:child_process';
import { existsSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { findValgrind } from '../../packages/bench-gate/src/counting/valgrind.js';
import type { CheckReport } from '../../packages/bench-gate/src/index.js';
import { benchGate } from '../support/bench-project.js';
import { GitProject } from '../support/git-project.js';
import { SUITES, suiteSource } from '../support/suites.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const valgrind = await findValgrind();
const skipped = 'missing' in valgrind ? ` (skipped: ${valgrind.missing})` : '';

/** Headers of this Node, so that nothing is downloaded. */
const HEADERS = [dirname(dirname(process.execPath)), '/usr'].find((folder) =>
  existsSync(join(folder, 'include/node')),
)!;

const reportOf = async (project: GitProject, ...args: string[]): Promise<CheckReport> => {
  const { stdout, stderr } = await benchGate(project, 'check', '--base', 'HEAD~1', '--json', ...args);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as CheckReport;
};

const growthOf = ({ entries }: CheckReport, name: string): number => {
  const { instructions } = entries.find((entry) => entry.name === name)!;
  if (instructions.kind !== 'counted') throw new Error(instructions.reason);
  return instructions.growth;
};

it('reads suites that run in vitest, tinybench and mitata themselves', () => {
  const project = new GitProject();
  project.commit({ ...SUITES, 'source.mjs': suiteSource(3000) });
  symlinkSync(join(ROOT, 'node_modules'), join(project.root, 'node_modules'));
  const run = (...args: string[]): string =>
    execFileSync(process.execPath, args, { cwd: project.root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const vitest = run('node_modules/vitest/vitest.mjs', 'bench', '--run', 'bench/a.bench.mjs');
  for (const name of ['group', 'vitest', 'with setup']) expect(vitest).toContain(name);
  expect(vitest).not.toContain('Error');
  const tinybench = run('bench/b.mjs');
  for (const name of ['tinybench', 'prepared']) expect(tinybench).toContain(name);
  expect(tinybench).not.toContain('Error');
  const mitata = run('bench/c.mjs');
  for (const name of ['mitata 1', 'mitata 2', 'plain']) expect(mitata).toContain(name);
  expect(mitata).not.toContain('error');
});

describe.skipIf(skipped !== '')(`bench-gate in small projects${skipped}`, () => {
  it('counts the suites of a project in JavaScript, and remembers the base', async () => {
    const project = new GitProject();
    const ignore = { '.gitignore': 'node_modules/\n' };
    const [vitest, tinybench, mitata] = ['a/group/vitest', 'b/suite/tinybench', 'c/plain'] as const;
    project.commit({ ...ignore, ...SUITES, 'source.mjs': suiteSource(20_000) });
    project.commit({ 'source.mjs': suiteSource(21_000) });
    const check = ['--build', 'true', '--budget', '400'];
    const report = await reportOf(project, vitest, tinybench, mitata, ...check);
    for (const name of [vitest, tinybench, mitata]) expect(growthOf(report, name)).toBeCloseTo(0.05, 2);
    expect(report.failed.map(({ status }) => status)).toContain('more instructions');
    // The base is not counted again: a base that cannot run any more does not show.
    const cached = join(project.root, 'node_modules/.cache/bench-gate', project.git('rev-parse', 'HEAD~1'));
    execFileSync('sh', ['-c', 'echo "throw new Error()" > source.mjs'], { cwd: cached });
    project.write('source.mjs', suiteSource(20_000));
    const again = await reportOf(project, vitest, tinybench, mitata, ...check);
    expect(Math.abs(growthOf(again, tinybench))).toBeLessThan(0.005);
  });

  it('counts a Node-API addon, and names its function', async () => {
    const project = new GitProject();
    project.commit(addonProject(1_000_000));
    project.commit({ 'addon.cc': addonSource(1_050_000) });
    symlinkSync(join(ROOT, 'node_modules'), join(project.root, 'node_modules'));
    const build = `${process.execPath} ${createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')} rebuild`;
    const command = `${build} --nodedir=${HEADERS}`;
    execFileSync('sh', ['-c', command], { cwd: project.root, stdio: 'ignore' });
    const report = await reportOf(project, '--build', command, '--budget', '300');
    expect(growthOf(report, 'spin')).toBeCloseTo(0.05, 2);
    const { instructions } = report.entries[0]!;
    expect(instructions.kind === 'counted' && instructions.functions[0]!.name).toContain('Spin');
    expect(report.passed).toBe(false);
  });
});

const addonSource = (turns: number): string => `
#include <napi.h>
__attribute__((noinline)) double Spin(int turns) {
  double x = 1;
  for (int i = 0; i < turns; i++) x = x * 1.0000001 + i % 3;
  return x;
}
Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("spin", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
    return Napi::Number::New(info.Env(), Spin(${turns}));
  }));
  return exports;
}
NODE_API_MODULE(spin, Init)`;

const addonProject = (turns: number): Record<string, string> => ({
  '.gitignore': 'node_modules\nbuild/\n',
  'package.json': '{ "name": "spin", "version": "1.0.0", "type": "module" }',
  'binding.gyp': JSON.stringify({
    targets: [
      {
        target_name: 'spin',
        sources: ['addon.cc'],
        include_dirs: [`<!(node -p "require('node-addon-api').include_dir")`],
        defines: ['NAPI_DISABLE_CPP_EXCEPTIONS'],
      },
    ],
  }),
  'addon.cc': addonSource(turns),
  'bench/spin.mjs': `
    import { createRequire } from 'node:module';
    export const benchmarks = [{
      name: 'spin', sizes: {},
      prepare: (revision) => ({ run: createRequire(import.meta.url)(revision.root + '/build/Release/spin.node').spin }),
    }];`,
});
