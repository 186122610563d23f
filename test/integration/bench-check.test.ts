import { describe, expect, it } from 'vitest';

import { benchDefinition, benchProject, benchSource, checkBenches } from '../support/bench-project.js';
import { runCli } from '../support/cli.js';

describe('univar bench check', () => {
  it('reports new and changed benchmarks, and passes', async () => {
    const made = benchProject();
    made.commit({
      'source.mjs': benchSource(30_000, 'export const later = 1;'),
      'bench/turns.mjs': benchDefinition('version: 2,'),
    });
    expect(JSON.parse((await checkBenches(made, '--json')).stdout)).toMatchObject({
      passed: true,
      entries: [{ status: 'changed' }],
    });
    made.commit({
      'bench/turns.mjs': benchDefinition('').replace(
        'return { run',
        "if (!(await revision.import('dist/source.mjs')).later) throw new Error('not there'); return { run",
      ),
    });
    const { code, stdout } = await checkBenches(made, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ passed: true, entries: [{ status: 'new', reason: 'not there' }] });
    expect(code).toBe(0);
  });

  it('fails a benchmark that is broken', async () => {
    const made = benchProject();
    made.commit({ 'source.mjs': benchSource(1).replace('turn()', 'other()') });
    const { code, stdout } = await checkBenches(made);
    expect(stdout).toMatch(/FAILED turns: prepare\(\) of turns did not return an object with a function run\(\)/);
    expect(code).toBe(1);
  });

  it('passes without a base and prints the reason', async () => {
    const made = benchProject();
    const { code, stdout } = await checkBenches(made);
    expect(stdout).toMatch(
      /^Nothing to compare with: the last change of bench\/accepted\.json is the checked revision itself/,
    );
    expect(code).toBe(0);
  });
});

describe('univar bench run', () => {
  it('compares with the peer and saves the figures', async () => {
    const made = benchProject();
    made.commit({
      'bench/turns.mjs': benchDefinition(
        `rounds: 3, peer: { name: 'half', async prepare(revision) {
          const { turn } = await revision.import('dist/source.mjs');
          return { run: () => (turn(), turn()) };
        } },`,
      ),
    });
    made.write('dist/source.mjs', benchSource(20_000));
    const { code, stdout } = await runCli(['bench', 'run', 'turns', '--json'], { cwd: made.root });
    expect(code).toBe(0);
    const [file] = JSON.parse(stdout) as { results: { ratio: number; peer: { name: string } }[] }[];
    expect(file!.results[0]!.peer.name).toBe('half');
    expect(file!.results[0]!.ratio).toBeGreaterThan(1);
    const { code: wrong, stderr } = await runCli(['bench', 'run', 'nothing'], { cwd: made.root });
    expect(wrong).toBe(2);
    expect(stderr).toMatch(/No benchmark to run is named nothing/);
  });
});
