import { describe, expect, it } from 'vitest';
import type { Finish } from '../../../../packages/bench-gate/src/process/protocol.js';
import { counterChanges } from '../../../../packages/bench-gate/src/verdict/counters.js';

const MiB = 2 ** 20;

function finishes(counters: Record<string, number>[], memory = 100 * MiB): Finish[] {
  return counters.map((entry) => ({ counters: entry, details: {}, environment: null, peakMemoryBytes: memory }));
}

describe('counterChanges', () => {
  it('reports every difference of an exact counter, in both directions', () => {
    const base = finishes([{ products: 8, tiles: 4, allocations: 3 }]);
    const head = finishes([{ products: 9, tiles: 3, allocations: 3 }]);
    expect(counterChanges(base, head)).toEqual([
      { counter: 'products', base: 8, head: 9, growth: 0.125 },
      { counter: 'tiles', base: 4, head: 3, growth: -0.25 },
    ]);
  });

  it('ignores a counter that is not exact', () => {
    expect(counterChanges(finishes([{ n: 5 }, { n: 7 }]), finishes([{ n: 7 }, { n: 9 }]))).toEqual([]);
    expect(counterChanges(finishes([{ n: 5 }, { n: 6 }]), finishes([{ n: 7 }, { n: 9 }]))).toMatchObject([
      { base: 6, head: 7 },
    ]);
  });

  it('reports work of a counter that was 0', () => {
    expect(counterChanges(finishes([{ n: 0 }]), finishes([{ n: 5 }]))).toMatchObject([{ growth: 5 }]);
  });

  it('leaves out counters that only one build has', () => {
    expect(counterChanges(finishes([{}]), finishes([{ n: 5 }]))).toEqual([]);
  });

  it('tolerates small growth of peak memory', () => {
    expect(counterChanges(finishes([{}], 100 * MiB), finishes([{}], 120 * MiB))).toEqual([]);
    expect(counterChanges(finishes([{}], 100 * MiB), finishes([{}], 130 * MiB))).toMatchObject([
      { counter: 'peakMemoryBytes' },
    ]);
  });
});
