import fc from 'fast-check';
import { expect, it } from 'vitest';

import { stratifiedSample } from '../../../src/maps/stratified-sample.js';

it('gives each label its share, at least one row if possible, and no row twice', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(),
      (labels, share, seed) => {
        const count = Math.max(1, Math.round(share * labels.length));
        const sample = stratifiedSample(Int32Array.from(labels), 7, count, seed);
        expect(sample.length).toBe(count);
        expect([...sample]).toEqual([...new Set(sample)].sort((a, b) => a - b));
        const labelsThere = new Set(labels).size;
        for (const label of new Set(labels)) {
          const size = labels.filter((other) => other === label).length;
          const taken = [...sample].filter((row) => labels[row] === label).length;
          if (count >= labelsThere) expect(taken).toBeGreaterThanOrEqual(1);
          // Minimum quotas of other labels can take rows away, but at most one per label.
          expect(Math.abs(taken - (size / labels.length) * count)).toBeLessThanOrEqual(labelsThere);
        }
      },
    ),
  );
});

it('depends only on the seed', () => {
  const labels = Int32Array.from({ length: 100 }, (_, i) => i % 3);
  expect(stratifiedSample(labels, 3, 30, 1)).toEqual(stratifiedSample(labels, 3, 30, 1));
  expect(stratifiedSample(labels, 3, 30, 1)).not.toEqual(stratifiedSample(labels, 3, 30, 2));
});
