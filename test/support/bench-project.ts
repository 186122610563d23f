import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { BENCH_GATE, type CliResult, runCli } from './cli.js';
import { GitProject } from './git-project.js';

/** Makes a project whose build copies its only source. `work` is the number of iterations of its function. */
export function benchProject(): GitProject {
  const made = new GitProject();
  mkdirSync(join(made.root, 'node_modules'));
  made.commit({
    '.gitignore': 'node_modules/\ndist/\n',
    'source.mjs': benchSource(20_000),
    'bench/turns.mjs': benchDefinition(''),
    'bench/accepted.json': '[]',
  });
  return made;
}

export const benchSource = (work: number, more = ''): string => `
  export const work = ${work};
  export function turn() { let x = 1; for (let i = 0; i < 100 * work; i++) x = (x * 16807) % 2147483647; return x; }
  ${more}`;

/** @param fields more fields of the benchmark */
export const benchDefinition = (fields: string): string => `
  export const benchmarks = [{
    name: 'turns', sizes: { n: 1 }, ${fields}
    async prepare(revision) {
      const { turn, work } = await revision.import('dist/source.mjs');
      return { run: turn, counters: () => ({ turns: work }) };
    },
  }];`;

const BUILD = 'mkdir -p dist && cp source.mjs dist/';

/** Runs a check that measures time only. */
export function checkBenches(made: GitProject, ...args: string[]): Promise<CliResult> {
  return countAndCheckBenches(made, '--no-count', ...args);
}

export async function countAndCheckBenches(made: GitProject, ...args: string[]): Promise<CliResult> {
  mkdirSync(join(made.root, 'dist'), { recursive: true });
  made.write('dist/source.mjs', made.git('show', 'HEAD:source.mjs'));
  return benchGate(made, 'check', '--build', BUILD, '--budget', '120', ...args);
}

/** Runs the compiled bench-gate in the project, outside of GitHub Actions. */
export function benchGate(made: GitProject, ...args: string[]): Promise<CliResult> {
  return runCli(args, { cwd: made.root, main: BENCH_GATE, env: { GITHUB_STEP_SUMMARY: '' } });
}
