import { describe, expect, it } from 'vitest';

import { roundsFor } from '../../../../packages/bench-gate/src/timing/block.js';
import { lowTime } from '../../../../packages/bench-gate/src/timing/statistics.js';

describe('lowTime', () => {
  it('is not affected by load during one of two samples', () => {
    const sample = (seconds: number): number[] => Array.from({ length: 12 }, (_, i) => seconds * (1 + i / 100));
    expect(lowTime([...sample(2), ...sample(4)]) / lowTime([...sample(2), ...sample(2)])).toBeCloseTo(1, 1);
  });
});

describe('roundsFor', () => {
  it('gives blocks more rounds if there is more time', () => {
    expect(roundsFor(300 / 19)).toBeLessThan(roundsFor(150 / 4));
  });
});
