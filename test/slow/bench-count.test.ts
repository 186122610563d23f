import { describe, expect, it } from 'vitest';
import { findValgrind } from '../../packages/bench-gate/src/counting/valgrind.js';
import type { CheckEntry } from '../../packages/bench-gate/src/verdict/check-entry.js';
import { benchDefinition, benchProject, benchSource, countAndCheckBenches } from '../support/bench-project.js';

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
});
