import { describe, expect, it } from 'vitest';

import { meanDifference } from '../../src/comparison/mean-difference.js';
import { pairAnswers } from '../../src/comparison/paired-answers.js';
import { questionShifts } from '../../src/comparison/question-shifts.js';
import { type NormalSides, normalSides } from '../support/comparison-scene.js';

const RUNS = 1000;

const test = (scene: NormalSides, bootstrapSamples: number) =>
  meanDifference(questionShifts(pairAnswers(normalSides(scene), { dim: scene.dim, within: undefined })), {
    draws: 499,
    bootstrapSamples,
    seed: scene.seed,
    signal: undefined,
  });

describe('the test of a difference, 1,000 times', () => {
  it.each([1, 3])('has uniform p values without a difference, with %i answers of each side', async (samples) => {
    const p: number[] = [];
    for (let seed = 0; seed < RUNS; seed++) p.push((await test({ questions: 15, dim: 6, samples, seed }, 0)).p);
    const largest = Math.max(...p.sort((x, y) => x - y).map((value, i) => Math.abs(value - (i + 0.5) / RUNS)));
    expect(largest).toBeLessThan(1.36 / Math.sqrt(RUNS)); // Kolmogorov-Smirnov, level 0.05
  });

  it('covers the true distance with its interval, and has the power that it says', async () => {
    const scene = { questions: 200, dim: 6, shift: 0.6 };
    let covered = 0;
    const needed: number[] = [];
    for (let seed = 0; seed < 300; seed++) {
      const { interval, sufficient } = await test({ ...scene, seed }, 400);
      if (interval!.low <= scene.shift && scene.shift <= interval!.high) covered++;
      needed.push(sufficient.questions!);
    }
    expect(covered / 300).toBeGreaterThan(0.91);
    const questions = needed.sort((a, b) => a - b)[150]!;
    let found = 0;
    for (let seed = 0; seed < RUNS; seed++) if ((await test({ ...scene, questions, seed }, 0)).p <= 0.05) found++;
    expect(Math.abs(found / RUNS - 0.8)).toBeLessThan(0.06);
  });
});
