import { describe, expect, it } from 'vitest';

import { compareCounts, countBenchmarks } from '../../../../src/benchmarking/counting/count.js';
import type { BenchmarkInfo } from '../../../../src/benchmarking/protocol.js';

const settled = { counts: [1000, 1000, 1000], profile: 'absent', variant: 'AVX2' };

describe('compareCounts', () => {
  it('compares the iterations that agree', async () => {
    const head = { counts: [5000, 1003, 1003, 1003], profile: 'absent', variant: 'AVX2' };
    expect(await compareCounts(settled, head)).toEqual({
      kind: 'counted',
      base: 1000,
      head: 1003,
      growth: 0.003,
      variant: 'AVX2',
      functions: [],
    });
  });

  it('says why it cannot', async () => {
    const varying = { ...settled, counts: [1000, 1100, 1200] };
    const differ = 'its iterations differ by 20.0 % of their instructions, more than 0.1 %';
    expect(await compareCounts(settled, varying)).toEqual({ kind: 'not counted', reason: differ });
    expect(await compareCounts(varying, settled)).toEqual({ kind: 'not counted', reason: differ });
    expect(await compareCounts({ reason: 'it died' }, settled)).toEqual({
      kind: 'not counted',
      reason: 'in the base, it died',
    });
  });
});

describe('countBenchmarks', () => {
  it('starts no process for a benchmark that is not counted, nor after the deadline', async () => {
    const benchmark = (name: string, notCounted: string | null): BenchmarkInfo => ({
      name,
      file: '/absent.mjs',
      sizes: {},
      subject: name,
      version: 1,
      threshold: 0.07,
      only: null,
      env: {},
      work: { unit: 'runs', subject: 1, peer: 1 },
      target: null,
      rounds: 7,
      peer: null,
      notCounted,
    });
    const changes = await countBenchmarks([benchmark('a', 'it starts other processes'), benchmark('b', null)], {
      base: { root: '/' },
      head: { root: '/' },
      requests: '/absent.node',
      deadline: 0,
    });
    expect(Object.fromEntries(changes)).toEqual({
      a: { kind: 'not counted', reason: 'it starts other processes' },
      b: { kind: 'not counted', reason: 'the budget has no more time for counting' },
    });
  });
});
