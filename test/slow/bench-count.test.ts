import { describe, expect, it } from 'vitest';
import { findValgrind } from '../../packages/bench-gate/src/counting/valgrind.js';
import type { CheckEntry } from '../../packages/bench-gate/src/verdict/check-entry.js';
import {
  benchDefinition,
  benchGate,
  benchProject,
  benchSource,
  countAndCheckBenches,
} from '../support/bench-project.js';

const valgrind = await findValgrind();
const skipped = 'missing' in valgrind ? ` (skipped: ${valgrind.missing})` : '';

describe.skipIf(skipped !== '')(`bench-gate check with counted instructions${skipped}`, () => {
  it('fails 4 % more instructions, which time cannot decide, and explains them by functions', async () => {
    const made = benchProject();
    made.commit({ 'source.mjs': benchSource(20_000).replace('100 * work', '104 * work') });
    const { code, stdout } = await countAndCheckBenches(made, '--json', '--budget', '300');
    const { entries } = JSON.parse(stdout) as { entries: CheckEntry[] };
    const { status, instructions } = entries[0]!;
    expect(status).toBe('more instructions');
    if (instructions.kind !== 'counted') throw new Error(instructions.reason);
    expect(instructions.growth).toBeCloseTo(0.04, 2);
    const { base, head } = instructions.functions[0]!;
    expect(head - base).toBeGreaterThan(0.03 * instructions.base);
    expect(code).toBe(1);
  });

  it('counts the same code the same', async () => {
    const made = benchProject();
    made.commit({ 'source.mjs': benchSource(20_000, '// a comment') });
    const { code, stdout } = await countAndCheckBenches(made, '--json', '--budget', '300');
    const { instructions } = (JSON.parse(stdout) as { entries: CheckEntry[] }).entries[0]!;
    if (instructions.kind !== 'counted') throw new Error(instructions.reason);
    expect(Math.abs(instructions.growth)).toBeLessThan(0.001);
    expect(code).toBe(0);
  });

  it('counts the processes that a benchmark starts', async () => {
    const made = benchProject();
    made.write(
      'bench/turns.mjs',
      benchDefinition('startsNode: true,')
        .replace(/^/, "import { execFileSync } from 'node:child_process';\nimport { join } from 'node:path';")
        .replace('run: turn', "run: () => execFileSync(process.execPath, [join(revision.root, 'dist/source.mjs')])"),
    );
    const call = (work: number): string => benchSource(work, 'turn();');
    made.commit({ 'source.mjs': call(20_000) });
    made.commit({ 'source.mjs': call(22_000) });
    const { stdout } = await countAndCheckBenches(made, '--json', '--budget', '300', '--base', 'HEAD~1');
    const { status, instructions } = (JSON.parse(stdout) as { entries: CheckEntry[] }).entries[0]!;
    if (instructions.kind !== 'counted') throw new Error(instructions.reason);
    const [work] = instructions.functions;
    expect(work!.head / work!.base).toBeCloseTo(1.1, 1);
    expect(status).toBe('more instructions');
  });

  it('counts the others if a benchmark throws, or ends its process in preparation or while it is counted', async () => {
    const made = benchProject();
    const define = (name: string, prepare: string): string =>
      `{ name: '${name}', sizes: {}, prepare() { ${prepare} } }`;
    made.write(
      'bench/turns.mjs',
      `const work = () => { let x = 1; for (let i = 0; i < 1e6; i++) x = (x * 16807) % 2147483647; return x; };
       const seconds = () => process.cpuUsage().user / 1e6;
       const endAfter = (end) => (seconds() > end ? process.exit(4) : work());
       export const benchmarks = [
         ${define('first', 'return { run: work };')},
         ${define('throws', "throw new Error('out of ink');")},
         ${define('ends', 'process.exit(3);')},
         ${define('second', 'return { run: work };')},
         ${define('ends late', 'const end = seconds() + 2; return { run: () => endAfter(end) };')},
         ${define('third', 'return { run: work };')},
         ${define('fourth', 'return { run: work };')},
       ];`,
    );
    const { stdout } = await benchGate(made, 'count', '--json');
    const counts = JSON.parse(stdout) as { name: string; kind: string; reason?: string }[];
    expect(counts.map(({ name, kind }) => [name, kind])).toEqual([
      ['first', 'counted'],
      ['throws', 'not counted'],
      ['ends', 'not counted'],
      ['second', 'counted'],
      ['ends late', 'not counted'],
      ['third', 'counted'],
      ['fourth', 'counted'],
    ]);
    expect(counts.map(({ reason }) => reason)).toEqual([
      undefined,
      'out of ink',
      expect.stringContaining('exit code 3'),
      undefined,
      expect.stringContaining('exit code 4'),
      undefined,
      undefined,
    ]);
  });
});
