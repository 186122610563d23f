import { expect, it } from 'vitest';

import { planFilter } from '../../../../src/search/pgvector/filter-plan.js';

it('compares few rows one by one, and limits a walk to what comparing all of them would cost', () => {
  expect(planFilter(1_000_000, 1000, 100)).toEqual({ by: 'comparison' });
  expect(planFilter(1_000_000, 0, 100)).toEqual({ by: 'comparison' });
  expect(planFilter(1_000_000, 500_000, 100)).toEqual({ by: 'graph', maxScanTuples: 50_000 });
  // A twentieth of the rows is few of 100,000, and many of ten million.
  expect(planFilter(100_000, 5000, 100).by).toBe('comparison');
  expect(planFilter(10_000_000, 500_000, 100).by).toBe('graph');
  expect(planFilter(10_000_000, 500_000, 1000).by).toBe('graph');
  expect(planFilter(1_000_000, 50_000, 1000).by).toBe('comparison');
});
