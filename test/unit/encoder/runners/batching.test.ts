import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { gatherRows, planBatches } from '../../../../src/encoder/runners/batching.js';

function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => (offsets[i + 1] = offsets[i]! + length));
  return offsets;
}

const anyLengths = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 });
const anyBudget = fc.integer({ min: 1, max: 5000 });

describe('planBatches', () => {
  it('uses every sequence once, longest first, ties in order', () => {
    fc.assert(
      fc.property(anyLengths, anyBudget, (lengths, budget) => {
        const order = planBatches(offsetsOf(lengths), budget).flatMap((rows) => [...rows]);
        const expected = lengths.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
        expect(order).toEqual(expected);
      }),
    );
  });

  it('fills the budget and exceeds it only for a single long sequence', () => {
    fc.assert(
      fc.property(anyLengths, anyBudget, (lengths, budget) => {
        const batches = planBatches(offsetsOf(lengths), budget);
        batches.forEach((rows, i) => {
          const longest = Math.max(1, ...[...rows].map((row) => lengths[row]!));
          if (rows.length > 1) expect(rows.length * longest).toBeLessThanOrEqual(budget);
          if (i + 1 < batches.length) expect((rows.length + 1) * longest).toBeGreaterThan(budget);
        });
      }),
    );
  });

  it('makes no batch without sequences', () => {
    expect(planBatches(Int32Array.of(0), 100)).toEqual([]);
  });
});

describe('gatherRows', () => {
  it('copies the selected sequences in order', () => {
    const window = { ids: Int32Array.of(1, 2, 3, 4, 5, 6), offsets: Int32Array.of(0, 1, 1, 4, 6) };
    expect(gatherRows(window, Int32Array.of(2, 1, 0))).toEqual({
      ids: Int32Array.of(2, 3, 4, 1),
      offsets: Int32Array.of(0, 3, 3, 4),
    });
    expect(gatherRows(window, Int32Array.of())).toEqual({ ids: Int32Array.of(), offsets: Int32Array.of(0) });
  });
});
