import { describe, expect, it } from 'vitest';

import { bootstrapIntervals } from '../../../src/evaluation/bootstrap.js';
import { seededRandom } from '../../support/random.js';

describe('bootstrapIntervals', () => {
  const random = seededRandom(1);
  const rows = 800;
  const actual = Int32Array.from({ length: rows }, (_, row) => row % 4);
  const predicted = actual.map((label) => (random() < 0.6 ? label : (label + 1) % 4));
  const singles = Array.from({ length: rows }, (_, row) => `q${row}`);

  it('has the theoretical width for independent rows', () => {
    const { accuracy, balancedAccuracy } = bootstrapIntervals(
      { actual, predicted, groups: singles, labels: 4 },
      4000,
      1,
    )!;
    const observed = actual.filter((label, row) => predicted[row] === label).length / rows;
    const halfWidth = 1.96 * Math.sqrt((observed * (1 - observed)) / rows);
    expect(accuracy.low).toBeCloseTo(observed - halfWidth, 2);
    expect(accuracy.high).toBeCloseTo(observed + halfWidth, 2);
    expect(balancedAccuracy.high - balancedAccuracy.low).toBeCloseTo(2 * halfWidth, 2);
  });

  it('widens if the rows of a question are all correct or all wrong', () => {
    const groups = singles.map((_, row) => `q${Math.floor(row / 20)}`);
    const correct = groups.map((_, row) => Math.floor(row / 20) % 2 === 0);
    const together = actual.map((label, row) => (correct[row] ? label : (label + 1) % 4));
    const grouped = bootstrapIntervals({ actual, predicted: together, groups, labels: 4 }, 2000, 1)!.accuracy;
    const single = bootstrapIntervals({ actual, predicted: together, groups: singles, labels: 4 }, 2000, 1)!.accuracy;
    expect((grouped.high - grouped.low) / (single.high - single.low)).toBeCloseTo(Math.sqrt(20), 0);
  });

  it('depends on the seed', () => {
    const tested = { actual, predicted, groups: singles, labels: 4 };
    expect(bootstrapIntervals(tested, 200, 3)).toEqual(bootstrapIntervals(tested, 200, 3));
    expect(bootstrapIntervals(tested, 200, 3)).not.toEqual(bootstrapIntervals(tested, 200, 4));
  });

  it('returns nothing for one group or without samples', () => {
    const tested = { actual, predicted, groups: singles.map(() => 'q'), labels: 4 };
    expect(bootstrapIntervals(tested, 100, 1)).toBeNull();
    expect(bootstrapIntervals({ ...tested, groups: singles }, 0, 1)).toBeNull();
  });

  it('has no spread if all rows are correct', () => {
    expect(bootstrapIntervals({ actual, predicted: actual, groups: singles, labels: 4 }, 50, 1)).toEqual({
      accuracy: { low: 1, high: 1 },
      balancedAccuracy: { low: 1, high: 1 },
    });
  });
});
