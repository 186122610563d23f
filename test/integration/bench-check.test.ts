import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { type CliResult, runCli } from '../support/cli.js';
import { GitProject } from '../support/git-project.js';

/** Makes a project whose build copies its only source. `work` is the number of iterations of its function. */
function project(): GitProject {
  const made = new GitProject();
  mkdirSync(join(made.root, 'node_modules'));
  made.commit({
    '.gitignore': 'node_modules/\ndist/\n',
    'source.mjs': source(20_000),
    'bench/turns.mjs': definition(''),
    'bench/accepted.json': '[]',
  });
  return made;
}

const source = (work: number, more = ''): string => `
  export const work = ${work};
  export function turn() { let x = 1; for (let i = 0; i < 100 * work; i++) x = (x * 16807) % 2147483647; return x; }
  ${more}`;

/** @param fields more fields of the benchmark */
const definition = (fields: string): string => `
  export const benchmarks = [{
    name: 'turns', sizes: { n: 1 }, ${fields}
    async prepare(revision) {
      const { turn, work } = await revision.import('dist/source.mjs');
      return { run: turn, counters: () => ({ turns: work }) };
    },
  }];`;

const BUILD = 'mkdir -p dist && cp source.mjs dist/';

async function check(made: GitProject, ...args: string[]): Promise<CliResult> {
  mkdirSync(join(made.root, 'dist'), { recursive: true });
  made.write('dist/source.mjs', made.git('show', 'HEAD:source.mjs'));
  return runCli(['bench', 'check', '--build', BUILD, '--budget', '40', ...args], { cwd: made.root });
}

describe('univar bench check', () => {
  it('fails a slower revision, and says how to reproduce and how to accept the slow-down', async () => {
    const made = project();
    const base = made.git('rev-parse', 'HEAD');
    made.commit({ 'source.mjs': source(30_000) });
    const { code, stdout } = await check(made);
    expect(stdout).toMatch(/turns .*slower/);
    expect(stdout).toMatch(/FAILED turns: \+\d+\.\d % time, 99 % interval/);
    expect(stdout).toContain(`univar bench check --base ${base.slice(0, 10)} turns`);
    expect(stdout).toContain('bench/accepted.json');
    expect(code).toBe(1);
  });

  it('passes a slow-down that was accepted after the base', async () => {
    const made = project();
    const accepted = [
      { benchmark: 'turns', upTo: 2, reason: 'more to do', commit: 'x' },
      { benchmark: 'turns', counter: 'turns', upTo: 1, reason: 'more to do', commit: 'x' },
    ];
    made.commit({ 'source.mjs': source(30_000), 'bench/accepted.json': JSON.stringify(accepted) });
    const { code, stdout } = await check(made, '--base', 'HEAD~1', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ passed: true, entries: [{ name: 'turns', status: 'accepted' }] });
    expect(code).toBe(0);
  });

  it('fails if work grows although time does not', async () => {
    const made = project();
    made.commit({
      'source.mjs': source(20_000).replace('work = 20000', 'work = 20001').replace('100 * work', '2000000'),
    });
    const { code, stdout } = await check(made, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      passed: false,
      entries: [{ status: 'more work', counters: [{ counter: 'turns', base: 20_000, head: 20_001 }] }],
    });
    expect(code).toBe(1);
  });

  it('reports new and changed benchmarks, and passes', async () => {
    const made = project();
    made.commit({
      'source.mjs': source(30_000, 'export const later = 1;'),
      'bench/turns.mjs': definition('version: 2,'),
    });
    expect(JSON.parse((await check(made, '--json')).stdout)).toMatchObject({
      passed: true,
      entries: [{ status: 'changed' }],
    });
    made.commit({
      'bench/turns.mjs': definition('').replace(
        'return { run',
        "if (!(await revision.import('dist/source.mjs')).later) throw new Error('not there'); return { run",
      ),
    });
    const { code, stdout } = await check(made, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ passed: true, entries: [{ status: 'new', reason: 'not there' }] });
    expect(code).toBe(0);
  });

  it('fails a benchmark that is broken', async () => {
    const made = project();
    made.commit({ 'source.mjs': source(1).replace('turn()', 'other()') });
    const { code, stdout } = await check(made);
    expect(stdout).toMatch(/FAILED turns: prepare\(\) of turns did not return an object with a function run\(\)/);
    expect(code).toBe(1);
  });

  it('passes without a base and prints the reason', async () => {
    const made = project();
    const { code, stdout } = await check(made);
    expect(stdout).toMatch(
      /^Nothing to compare with: the last change of bench\/accepted\.json is the checked revision itself/,
    );
    expect(code).toBe(0);
  });
});

describe('univar bench run', () => {
  it('compares with the peer and saves the figures', async () => {
    const made = project();
    made.commit({
      'bench/turns.mjs': definition(
        `rounds: 3, peer: { name: 'half', async prepare(revision) {
          const { turn } = await revision.import('dist/source.mjs');
          return { run: () => (turn(), turn()) };
        } },`,
      ),
    });
    made.write('dist/source.mjs', source(20_000));
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
