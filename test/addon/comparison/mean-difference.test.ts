import { describe, expect, it } from 'vitest';

import { meanDifference } from '../../../src/comparison/mean-difference.js';
import { type AnswerSide, pairAnswers } from '../../../src/comparison/paired-answers.js';
import { questionShifts } from '../../../src/comparison/question-shifts.js';
import { normalSides, reference, side } from '../../support/comparison-scene.js';

const OPTIONS = { draws: 499, bootstrapSamples: 200, seed: 1, signal: undefined };

const test = (sides: [AnswerSide, AnswerSide], dim: number, options: Partial<typeof OPTIONS> = {}) =>
  meanDifference(questionShifts(pairAnswers(sides, { dim, within: undefined })), { ...OPTIONS, ...options });

describe('the difference of means', () => {
  it('agrees with numpy, and its p value with an exact test of scipy that swaps within pairs', async () => {
    const { a, b, p, distance, share } = reference.meanDifference;
    const sides = [a, b].map((rows, i) => side('ab'[i]!, Float32Array.from(rows.flat()), 3)) as [
      AnswerSide,
      AnswerSide,
    ];
    const own = await test(sides, 3, { draws: 40_000 });
    expect(own.distance).toBeCloseTo(distance, 5);
    expect(own.share).toBeCloseTo(share, 5);
    expect(Math.abs(own.p - p)).toBeLessThan(0.006); // 2.5 standard deviations of the draws
  });

  it('swaps only within questions', async () => {
    // Questions differ by 100, answers by 1. Swaps across questions would hide the difference.
    const rows = (offset: number): Float32Array => Float32Array.from({ length: 12 }, (_, i) => 100 * i + offset);
    const { p, distance } = await test([side('a', rows(1), 1), side('b', rows(0), 1)], 1, { draws: 20_000 });
    expect(distance).toBeCloseTo(1, 5);
    expect(p).toBeLessThan(0.001); // exactly 2 of 2^12 swaps
  });

  it('keeps samples of a question and questions of a group together', async () => {
    // 4 groups with a constant difference each: 2 of 2^4 swaps are as large, however many answers there are.
    const sides = [1, 0].map((offset, i): AnswerSide => {
      const own = side('ab'[i]!, new Float32Array(48).fill(offset), 1, 3);
      return {
        ...own,
        records: own.records.map((record) => ({ ...record, group: `g${Number(record.qid.slice(1)) % 4}` })),
      };
    }) as [AnswerSide, AnswerSide];
    const { p } = await test(sides, 1, { draws: 20_000 });
    expect(Math.abs(p - 1 / 8)).toBeLessThan(0.01);
  });

  it('finds a shift of known size, whatever the number of questions', async () => {
    for (const questions of [60, 600]) {
      const { distance, interval, p, share } = await test(normalSides({ questions, dim: 8, shift: 1, seed: 5 }), 8);
      expect(Math.abs(distance - 1)).toBeLessThan(2.5 / Math.sqrt(questions));
      expect(interval!.low).toBeLessThan(1);
      expect(interval!.high).toBeGreaterThan(1);
      expect(p).toBe(1 / 500);
      expect(Math.abs(share - 1 / 17)).toBeLessThan(0.6 / Math.sqrt(questions)); // 1 of 1 + 2 * 8
    }
  });

  it('has uniform p values without a difference', async () => {
    const p: number[] = [];
    for (let seed = 0; seed < 120; seed++)
      p.push(
        (await test(normalSides({ questions: 12, dim: 3, seed }), 3, { draws: 199, bootstrapSamples: 0, seed })).p,
      );
    const largest = Math.max(...p.sort((x, y) => x - y).map((value, i) => Math.abs(value - (i + 0.5) / p.length)));
    expect(largest).toBeLessThan(1.36 / Math.sqrt(p.length)); // Kolmogorov-Smirnov, level 0.05
  });

  it('gives no interval of two groups, and no number of questions without a difference', async () => {
    expect((await test(normalSides({ questions: 2, dim: 3, seed: 1 }), 3)).interval).toBeNull();
    const same = await test([side('a', new Float32Array(20), 2), side('b', new Float32Array(20), 2)], 2);
    expect(same).toMatchObject({ distance: 0, share: 0, p: 1, sufficient: { questions: null } });
  });
});
