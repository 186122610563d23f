import { describe, expect, it } from 'vitest';

import { benchDefinition, benchProject, benchSource, checkBenches } from '../support/bench-project.js';

describe('bench-gate check', () => {
  it('fails a slower revision, and says how to reproduce and how to accept the slow-down', async () => {
    const made = benchProject();
    const base = made.git('rev-parse', 'HEAD');
    made.commit({ 'source.mjs': benchSource(30_000) });
    const { code, stdout } = await checkBenches(made);
    expect(stdout).toMatch(/turns .*slower/);
    expect(stdout).toMatch(/FAILED turns: \+\d+\.\d % time, 99 % interval/);
    expect(stdout).toContain(`bench-gate check --base ${base.slice(0, 10)} turns`);
    expect(stdout).toContain('bench/accepted.json');
    expect(code).toBe(1);
  });

  it('passes a slow-down that was accepted after the base', async () => {
    const made = benchProject();
    const accepted = [
      { benchmark: 'turns', upTo: 2, reason: 'more to do', commit: 'x' },
      { benchmark: 'turns', counter: 'turns', upTo: 1, reason: 'more to do', commit: 'x' },
    ];
    made.commit({ 'source.mjs': benchSource(30_000), 'bench/accepted.json': JSON.stringify(accepted) });
    const { code, stdout } = await checkBenches(made, '--base', 'HEAD~1', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ passed: true, entries: [{ name: 'turns', status: 'accepted' }] });
    expect(code).toBe(0);
  });

  it('fails if threads wait for each other, which one thread does not show', async () => {
    const made = benchProject();
    const withThreads = (threads: string): string => benchSource(20_000, `export const threads = ${threads};`);
    made.commit({
      'source.mjs': withThreads('Number(process.env.THREADS ?? 1)'),
      'bench/turns.mjs': benchDefinition("scaling: { one: { THREADS: '1' }, all: { THREADS: '2' } },")
        .replace('return { run: turn, ', 'return { run: () => 0.001 / threads, timesItself: true, ')
        .replace('turn, work', 'threads, work'),
    });
    made.commit({ 'source.mjs': withThreads('1') });
    const { code, stdout } = await checkBenches(made, '--base', 'HEAD~1');
    expect(stdout).toMatch(/turns, all threads \/ one .* scales worse/);
    expect(stdout).toMatch(/FAILED turns, all threads \/ one: \+100\.0 % time on all threads/);
    expect(code).toBe(1);
  });

  it('fails if work grows although time does not', async () => {
    const made = benchProject();
    made.commit({
      'source.mjs': benchSource(20_000).replace('work = 20000', 'work = 20001').replace('100 * work', '2000000'),
    });
    const { code, stdout } = await checkBenches(made, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      passed: false,
      entries: [{ status: 'more work', counters: [{ counter: 'turns', base: 20_000, head: 20_001 }] }],
    });
    expect(code).toBe(1);
  });
});
