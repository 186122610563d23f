import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { benchDefinition, benchGate, benchProject, benchSource, checkBenches } from '../support/bench-project.js';
import { BENCH_GATE, runCli } from '../support/cli.js';

describe('bench-gate check', () => {
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

  it('fails a benchmark that is broken, prints, adds to a summary, and keeps the outcome', async () => {
    const made = benchProject();
    made.commit({ 'source.mjs': benchSource(1).replace('turn()', 'other()') });
    const [summary, history] = [join(made.root, 'summary.md'), join(made.root, 'history.jsonl')];
    const { code, stdout } = await checkBenches(made, '--history', history);
    expect(JSON.parse(readFileSync(history, 'utf8'))).toMatchObject({ entries: [{ name: 'turns', status: 'broken' }] });
    const { stderr } = await runCli(['check', '--no-count', '--build', 'true', '--comment'], {
      cwd: made.root,
      main: BENCH_GATE,
      env: { GITHUB_STEP_SUMMARY: summary, GITHUB_TOKEN: '' },
    });
    expect(readFileSync(summary, 'utf8')).toMatch(/^\*\*Performance: 1 of 1 failed\*\*.*\n\n```\nFAILED turns: /);
    expect(stderr).toContain('No comment was written: GITHUB_TOKEN is not set');
    expect(stdout).toMatch(/FAILED turns: prepare\(\) of turns did not return an object with a function run\(\)/);
    expect(code).toBe(1);
  });

  it('reports a base that does not build, and fails only if it is strict', async () => {
    const made = benchProject();
    made.commit({ 'source.mjs': benchSource(20_000, '// a comment') });
    const check = (...args: string[]) =>
      benchGate(made, 'check', '--no-count', '--base', 'HEAD~1', '--build', 'echo "no rule" >&2; false', ...args);
    const { code, stdout } = await check();
    expect(stdout).toMatch(/^Nothing to compare with: the base [0-9a-f]{10} does not build\.\n.*failed.*:\nno rule/);
    expect(code).toBe(0);
    expect((await check('--strict')).code).toBe(1);
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

describe('bench-gate run', () => {
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
    const { code, stdout } = await benchGate(made, 'run', 'turns', '--json');
    expect(code).toBe(0);
    const [file] = JSON.parse(stdout) as { results: { ratio: number; peer: { name: string } }[] }[];
    expect(file!.results[0]!.peer.name).toBe('half');
    expect(file!.results[0]!.ratio).toBeGreaterThan(1);
    const { code: wrong, stderr } = await benchGate(made, 'run', 'nothing');
    expect(wrong).toBe(2);
    expect(stderr).toMatch(/No benchmark to run is named nothing/);
  });
});

describe('the command line', () => {
  it('says what is wrong with arguments', async () => {
    const made = benchProject();
    const { code, stderr } = await benchGate(made, 'check', '--budgets', '3');
    expect(stderr).toBe("error: Unknown option '--budgets'. Run the same command with --help for its options\n");
    expect(code).toBe(2);
    expect((await benchGate(made, 'check', '--budget', 'much')).stderr).toMatch(/seconds for --budget, got "much"/);
    expect((await benchGate(made, 'chek')).stderr).toBe(
      'error: "chek" is not a command: use check, run, count or chart\n',
    );
  });
});
