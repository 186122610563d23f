import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { listBenchmarks } from '../../../../packages/bench-gate/src/process/list-benchmarks.js';
import { timeTeam } from '../../../../packages/bench-gate/src/timing/block.js';
import { checkBenchmarks } from '../../../../packages/bench-gate/src/verdict/check-benchmarks.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** Each notes the process that prepares and closes it. `sleeps` waits in the head, and `throws` fails there. */
const MODULE = `import { appendFileSync } from 'node:fs';
const note = (text) => appendFileSync(new URL('notes', import.meta.url), process.pid + ' ' + text + '\\n');
const compute = () => { for (let i = 0; i < 3e6; i++) Math.imul(i, i); };
const benchmark = (name, run, timesItself = false) => ({ name, sizes: {}, prepare: (revision) => {
  note('prepares ' + name);
  return { timesItself, run: () => run(revision.root), close: () => note('closes ' + name) };
} });
export const benchmarks = [
  benchmark('plain', () => compute()),
  benchmark('sleeps', async (root) => {
    compute();
    if (root === '/head') await new Promise((resolve) => setTimeout(resolve, 30));
  }),
  benchmark('even', () => 0.01, true),
  benchmark('slower', (root) => (root === '/head' ? 0.012 : 0.01), true),
  benchmark('throws', (root) => { if (root === '/head') throw new Error('out of ink'); }),
];`;
const SIDES = { base: { root: '/base' }, head: { root: '/head' } };

function writeModule(): { file: string; notes: () => string[] } {
  const folder = temporaryFolder();
  const file = join(folder, 'bench.mjs');
  writeFileSync(file, MODULE);
  return { file, notes: () => readFileSync(join(folder, 'notes'), 'utf8').trim().split('\n') };
}

describe('Team', () => {
  it('measures benchmarks one after the other in the same processes, and others after a failure', async () => {
    const { file, notes } = writeModule();
    const [plain, sleeps, , , throws] = await listBenchmarks(file, '/head');
    const team = timeTeam(plain!, SIDES);
    try {
      for (const benchmark of [plain!, sleeps!]) expect((await team.measure(benchmark, 1)).kind).toBe('measured');
      expect(await team.measure(throws!, 1)).toEqual({ kind: 'head failed', reason: 'out of ink' });
      expect((await team.measure(plain!, 1)).kind).toBe('measured');
    } finally {
      await team.stop();
    }
    const pids = [...new Set(notes().map((line) => line.split(' ')[0]!))];
    expect(pids).toHaveLength(4);
    const first = notes().flatMap((line) => (line.startsWith(`${pids[0]} `) ? [line.slice(pids[0]!.length + 1)] : []));
    expect(first.slice(0, 5)).toEqual([
      'prepares plain',
      'closes plain',
      'prepares sleeps',
      'closes sleeps',
      'prepares throws',
    ]);
  });

  it('tells waiting from computing', async () => {
    const { file } = writeModule();
    const sleeps = (await listBenchmarks(file, '/head'))[1]!;
    const team = timeTeam(sleeps, SIDES);
    const block = await team.measure(sleeps, 4).finally(() => team.stop());
    if (block.kind !== 'measured') throw new Error(block.reason);
    expect(Math.max(...block.logRatios)).toBeGreaterThan(1);
    expect(Math.min(...block.processorLogRatios)).toBeLessThan(0.8);
  });
});

describe('checkBenchmarks', () => {
  it('starts processes for the first block of each benchmark, and then for all together', async () => {
    const { file, notes } = writeModule();
    const [, , even, slower] = await listBenchmarks(file, '/head');
    const entries = await checkBenchmarks([even!, slower!], {
      ...SIDES,
      accepted: [],
      baseVersions: new Map(),
      budgetSeconds: 60,
    });
    expect(entries.map(({ name, status }) => [name, status])).toEqual([
      ['even', 'not slower'],
      ['slower', 'slower'],
    ]);
    const pids = notes().flatMap((line) => (line.includes('prepares') ? [line.split(' ')[0]!] : []));
    const benchmarks = [...new Set(pids)].map((pid) => pids.filter((other) => other === pid).length);
    expect(benchmarks.slice(0, 6)).toEqual([1, 1, 1, 1, 2, 2]);
  });
});
