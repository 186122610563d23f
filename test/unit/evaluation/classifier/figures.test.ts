import { describe, expect, it } from 'vitest';

import { togetherCurve } from '../../../../src/evaluation/classifier/answers-together.js';
import { calibrationError } from '../../../../src/evaluation/classifier/calibration-error.js';
import { coverageCurve } from '../../../../src/evaluation/classifier/coverage.js';
import { rocArea } from '../../../../src/evaluation/classifier/roc-area.js';
import type { ScoredRows } from '../../../../src/evaluation/classifier/scored-rows.js';
import { UNCALIBRATED } from '../../../../src/identification/classifier/calibration.js';

describe('calibrationError', () => {
  it('weighs the distances of the bins by their answers', () => {
    // Three in one bin: mean probability 0.65, accuracy 1/3. One in the last bin: 1 and 1.
    const { error, bins } = calibrationError([0.61, 0.65, 0.66, 1], [true, false, false, true]);
    expect(error).toBeCloseTo((3 * (0.64 - 1 / 3) + 0) / 4, 12);
    expect(bins).toHaveLength(15);
    expect(bins[9]).toMatchObject({ low: 0.6, count: 3, accuracy: 1 / 3 });
    expect(bins[9]!.probability).toBeCloseTo(0.64, 12);
    expect(bins[14]).toEqual({ low: 14 / 15, high: 1, count: 1, probability: 1, accuracy: 1 });
    expect(bins[0]).toMatchObject({ count: 0, probability: null, accuracy: null });
  });
});

describe('rocArea', () => {
  it.each([
    ['1 if all positives are larger', [3, 4], [1, 2], 1],
    ['0 if all are smaller', [1, 2], [3, 4], 0],
    ['the share of pairs in order', [2, 4], [1, 3, 5], 3 / 6],
    ['half for ties', [1, 1, 2], [1, 1, 0], (4 * 0.5 + 5) / 9],
    ['half if all are equal', [7, 7], [7], 0.5],
  ])('is %s', (_, positives, negatives, area) => expect(rocArea(positives, negatives)).toBeCloseTo(area, 12));
});

describe('coverageCurve', () => {
  it('keeps the most probable answers', () => {
    const curve = coverageCurve([0.2, 0.9, 0.5, 0.8, 0.1], [false, true, false, true, true]);
    expect(curve).toHaveLength(10);
    expect(curve[3]).toEqual({ coverage: 0.4, accuracy: 1, probability: 0.8 });
    expect(curve[5]).toEqual({ coverage: 0.6, accuracy: 2 / 3, probability: 0.5 });
    expect(curve[9]).toEqual({ coverage: 1, accuracy: 3 / 5, probability: 0.1 });
  });
});

describe('togetherCurve', () => {
  // Two of three answers of "a" speak for it, strongly. The answers of "b" are always identified.
  const decisions = [
    [3, 0],
    [3, 0],
    [0, 1],
    [0, 1],
    [0, 1],
  ];
  const scored: ScoredRows = {
    names: ['a', 'b'],
    calibration: UNCALIBRATED,
    known: new Float32Array(5).fill(1),
    scores: decisions.map((row) => ({ decisions: Float32Array.from(row), similarities: new Float32Array(2) })),
  };
  const labels = ['a', 'a', 'a', 'b', 'b'];

  it('averages scores of answers of one label, and leaves out labels with fewer answers', () => {
    const curve = togetherCurve(scored, labels, 1);
    expect(curve.map(({ answers }) => answers)).toEqual([1, 2, 3]);
    expect(curve[0]).toMatchObject({ accuracy: 4 / 5, labels: 2, groups: 5 });
    expect(curve[0]!.balancedAccuracy).toBeCloseTo((2 / 3 + 1) / 2, 12);
    expect(curve[1]).toMatchObject({ accuracy: 1, labels: 2, groups: 20 });
    expect(curve[2]).toMatchObject({ accuracy: 1, balancedAccuracy: 1, labels: 1 });
  });
});
