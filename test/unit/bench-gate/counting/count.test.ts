import { describe, expect, it } from 'vitest';

import type { BuildCount } from '../../../../packages/bench-gate/src/counting/build-count.js';
import { summarise } from '../../../../packages/bench-gate/src/counting/build-count.js';
import { compareCounts, isDoubtful } from '../../../../packages/bench-gate/src/counting/change.js';
import { compareInstructions } from '../../../../packages/bench-gate/src/counting/count.js';
import { CountCache } from '../../../../packages/bench-gate/src/counting/count-cache.js';
import type { BenchmarkInfo } from '../../../../packages/bench-gate/src/process/protocol.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const counted = (instructions: number, uncertainty = 0): BuildCount => ({
  kind: 'counted',
  instructions,
  uncertainty,
  variant: 'AVX2',
  profile: new Map([['split', instructions]]),
});

const benchmark = (name: string, notCounted: string | null): BenchmarkInfo => ({
  name,
  file: '/absent.mjs',
  module: '/absent.mjs',
  project: '/',
  sizes: {},
  subject: name,
  version: 1,
  threshold: 0.07,
  only: null,
  env: {},
  scaling: null,
  work: { unit: 'runs', subject: 1, peer: 1 },
  target: null,
  rounds: 7,
  peer: null,
  startsNode: false,
  notCounted,
});

describe('compareCounts', () => {
  it('names the functions that grew', () => {
    expect(compareCounts(counted(1000), counted(1030))).toEqual({
      kind: 'counted',
      base: 1000,
      head: 1030,
      growth: 0.03,
      variant: 'AVX2',
      functions: [{ name: 'split', base: 1000, head: 1030 }],
    });
  });

  it('decides with iterations that differ a little, unless the change is too near the limit', async () => {
    const differing = {
      counts: [10_000, 10_030, 10_040],
      calls: 1,
      agreeing: 3,
      profiles: ['/dev/null'],
      variant: null,
    };
    expect(await summarise(differing)).toMatchObject({ instructions: 10_030, uncertainty: 0.004 });
    expect(await summarise({ ...differing, counts: [10_000, 10_009, 10_010] })).toMatchObject({ uncertainty: 0 });
    expect(compareCounts(counted(1000, 0.004), counted(1030, 0.004))).toMatchObject({ growth: 0.03 });
    expect(compareCounts(counted(1000, 0.004), counted(1000, 0.004))).toMatchObject({ growth: 0 });
    for (const head of [1015, 1025])
      expect(compareCounts(counted(1000, 0.004), counted(head, 0.004))).toMatchObject({
        kind: 'not counted',
        unsettled: true,
      });
  });

  it('says why it cannot', async () => {
    const varying = { counts: [1000, 1100, 1200], calls: 1, agreeing: 3, profiles: ['absent'], variant: null };
    expect(await summarise(varying)).toEqual({
      kind: 'not counted',
      reason: 'its iterations differ by 20.0 % of their instructions, more than 1.0 %',
      unsettled: true,
    });
    expect(compareCounts({ kind: 'not counted', reason: 'it died' }, counted(1))).toEqual({
      kind: 'not counted',
      reason: 'in the base, it died',
    });
  });
});

describe('isDoubtful', () => {
  it('asks for another count of growth that fails, and of iterations that differed in either build', () => {
    expect(isDoubtful(compareCounts(counted(1000), counted(1019)))).toBe(false);
    expect(isDoubtful(compareCounts(counted(1000), counted(1020)))).toBe(true);
    const unsettled = { kind: 'not counted', reason: 'its iterations differ', unsettled: true } as const;
    expect(isDoubtful(compareCounts(unsettled, counted(1)))).toBe(true);
    expect(isDoubtful(compareCounts(counted(1), unsettled))).toBe(true);
    expect(isDoubtful(compareCounts(counted(1), { kind: 'not counted', reason: 'it died' }))).toBe(false);
  });
});

describe('compareInstructions', () => {
  const setting = { base: { root: '/' }, head: { root: '/' }, requests: '/absent.node', deadline: 0 };

  it('starts no process for a benchmark that is not counted, nor after the deadline', async () => {
    const changes = await compareInstructions(
      [benchmark('a', 'it starts other processes'), benchmark('b', null)],
      setting,
    );
    expect(Object.fromEntries(changes)).toEqual({
      a: { kind: 'not counted', reason: 'it starts other processes' },
      b: { kind: 'not counted', reason: 'the budget has no more time for counting' },
    });
  });
});

describe('CountCache', () => {
  const identity = { build: 'commit', definitions: 'hash', valgrind: '3.24' };
  const part = [benchmark('a', null)];

  it('returns what was counted, unless anything that decides a count differs', async () => {
    const folder = temporaryFolder();
    const counts = [counted(7)];
    await new CountCache(folder, identity).write(part, counts);
    expect(await new CountCache(folder, identity).read(part)).toEqual(counts);
    const others = [{ build: 'other' }, { definitions: 'other' }, { valgrind: 'other' }];
    for (const other of others)
      expect(await new CountCache(folder, { ...identity, ...other }).read(part)).toBe(undefined);
    expect(await new CountCache(folder, identity).read([benchmark('a', null), benchmark('b', null)])).toBe(undefined);
  });
});
