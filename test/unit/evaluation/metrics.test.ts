import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { computeMetrics, countConfusion, mergeConfusion } from '../../../src/evaluation/metrics.js';

const metricsOf = (actual: number[], predicted: number[], labels: number) =>
  computeMetrics(countConfusion(Int32Array.from(actual), Int32Array.from(predicted), labels));

describe('countConfusion', () => {
  it('counts actual labels in rows and predictions in columns', () => {
    expect(countConfusion(Int32Array.of(0, 0, 1, 2, 2, 2), Int32Array.of(0, 1, 1, 0, 0, 2), 3)).toEqual([
      [1, 1, 0],
      [0, 1, 0],
      [2, 0, 1],
    ]);
  });
});

describe('computeMetrics', () => {
  it('reproduces the examples in the manual of scikit-learn', () => {
    const multi = metricsOf([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], 3);
    expect(multi.weightedPrecision).toBeCloseTo(0.2222, 4);
    expect(multi.weightedRecall).toBeCloseTo(0.3333, 4);
    expect(multi.weightedF1).toBeCloseTo(0.2667, 4);
    expect(metricsOf([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1], 2).balancedAccuracy).toBe(0.625);
  });

  it('weights by support', () => {
    const metrics = computeMetrics([
      [3, 1, 0],
      [0, 1, 0],
      [2, 0, 3],
    ]);
    expect(metrics.perLabel[0]).toEqual({
      support: 4,
      predicted: 5,
      correct: 3,
      precision: 0.6,
      recall: 0.75,
      f1: 6 / 9,
    });
    expect(metrics.accuracy).toBe(0.7);
    expect(metrics.balancedAccuracy).toBeCloseTo((0.75 + 1 + 0.6) / 3, 15);
    expect(metrics.weightedPrecision).toBeCloseTo((4 * 0.6 + 1 * 0.5 + 5 * 1) / 10, 15);
    expect(metrics.weightedRecall).toBeCloseTo(0.7, 15);
    expect(metrics.weightedF1).toBeCloseTo((4 * (6 / 9) + 1 * (2 / 3) + 5 * 0.75) / 10, 15);
  });

  it('leaves labels without rows out of the balanced accuracy', () => {
    expect(metricsOf([0, 0, 1, 1], [0, 2, 1, 1], 3).balancedAccuracy).toBe(0.75);
  });

  it('treats 0 / 0 as 0', () => {
    const { perLabel, weightedF1 } = metricsOf([0, 1], [1, 1], 3);
    expect(perLabel[0]).toEqual({ support: 1, predicted: 0, correct: 0, precision: 0, recall: 0, f1: 0 });
    expect(perLabel[2]).toEqual({ support: 0, predicted: 0, correct: 0, precision: 0, recall: 0, f1: 0 });
    expect(weightedF1).toBeCloseTo(1 / 3, 15);
  });

  it('agrees with definitions applied to the rows', () => {
    const rows = fc.array(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(rows, (pairs) => {
        const metrics = metricsOf(
          pairs.map(([actual]) => actual),
          pairs.map(([, predicted]) => predicted),
          5,
        );
        const recalls: number[] = [];
        let f1 = 0;
        for (const label of new Set(pairs.map(([actual]) => actual))) {
          const own = pairs.filter(([actual]) => actual === label);
          const named = pairs.filter(([, predicted]) => predicted === label);
          const hits = own.filter(([, predicted]) => predicted === label).length;
          const recall = hits / own.length;
          const precision = named.length === 0 ? 0 : hits / named.length;
          recalls.push(recall);
          f1 += (own.length / pairs.length) * (hits === 0 ? 0 : (2 * precision * recall) / (precision + recall));
        }
        expect(metrics.accuracy).toBeCloseTo(pairs.filter(([a, b]) => a === b).length / pairs.length, 12);
        expect(metrics.balancedAccuracy).toBeCloseTo(recalls.reduce((a, b) => a + b) / recalls.length, 12);
        expect(metrics.weightedF1).toBeCloseTo(f1, 12);
        expect(metrics.weightedRecall).toBeCloseTo(metrics.accuracy, 12);
      }),
    );
  });
});

describe('mergeConfusion', () => {
  it('adds up merged labels', () => {
    const confusion = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ];
    expect(mergeConfusion(confusion, ['z', 'a', 'z'])).toEqual({
      labels: ['a', 'z'],
      counts: [
        [5, 10],
        [10, 20],
      ],
    });
  });
});
