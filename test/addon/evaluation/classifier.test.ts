import { describe, expect, it } from 'vitest';

import { SeededRandom } from '../../../src/core/random.js';
import { evaluateClassifier } from '../../../src/evaluation/classifier/evaluate-classifier.js';
import type { LabelledTexts } from '../../../src/evaluation/tfidf.js';

const QUESTIONS = 60;
const fit = { base: null, dim: 8, steps: 10, pairs: 32 } as const;
const options = { split: 'question', seed: 1, bootstrapSamples: 50, fit } as const;

/** Every model answers every question, in words of the question and, in a share of the places, of its own. */
function answers(models: number, share: number): LabelledTexts {
  const random = new SeededRandom(3);
  const rows = Array.from({ length: QUESTIONS * models }, (_, row) => {
    const question = Math.floor(row / models);
    const model = row % models;
    const word = (): string =>
      random.integer(1000) < 1000 * share ? `own${model}x${random.integer(8)}` : `word${random.integer(60)}`;
    return { group: `q${question}`, label: `m${model}`, text: Array.from({ length: 12 }, word).join(' ') };
  });
  return {
    labels: rows.map(({ label }) => label),
    groups: rows.map(({ group }) => group),
    texts: rows.map(({ text }) => text),
  };
}

describe('evaluateClassifier', () => {
  it('gives accuracy, probabilities, coverage, answers together and authors left out', async () => {
    const stages: string[] = [];
    const onProgress = (stage: string, done: number, total: number): void => {
      if (done === total && stages.at(-1) !== stage) stages.push(stage);
    };
    const result = await evaluateClassifier(answers(6, 0.1), { ...options, onProgress });
    expect(result).toMatchObject({ train: 270, test: 90, testGroups: 15, chance: 1 / 6, idsWithoutTest: [] });
    expect(result.balancedAccuracy).toBeGreaterThan(0.5);
    expect(result.intervals!.balancedAccuracy.low).toBeLessThan(result.balancedAccuracy);
    expect(result.calibration.error).toBeLessThan(0.2);
    expect(result.calibration.bins.reduce((sum, { count }) => sum + count, 0)).toBe(90);
    expect(result.coverage.at(-1)!.accuracy).toBe(result.accuracy);
    expect(result.coverage[2]!.accuracy).toBeGreaterThan(result.accuracy);
    const { together, unknown } = result;
    expect(together.map(({ answers: count }) => count)).toEqual([1, 2, 3, 5, 10]);
    expect(together[0]!.balancedAccuracy).toBeCloseTo(result.balancedAccuracy, 12);
    expect(together[4]!.balancedAccuracy).toBeGreaterThan(0.95);
    expect(unknown!.one).toBeGreaterThan(0.6);
    expect(unknown!.ten).toBeGreaterThan(unknown!.one);
    expect(stages).toEqual(['fit', 'calibrate', 'leave out']);
  });

  // Fails if the encoder, the classifier or the calibration has seen the tested answers.
  it('is at chance, and knows it, if the answers do not depend on the label', async () => {
    const { balancedAccuracy, calibration, together } = await evaluateClassifier(answers(4, 0), {
      ...options,
      testShare: 0.5,
      unknown: false,
    });
    expect(Math.abs(balancedAccuracy - 0.25)).toBeLessThan(0.1); // two standard errors of 120 answers: 0.08
    expect(calibration.error).toBeLessThan(0.15);
    expect(together.at(-1)!.balancedAccuracy).toBeLessThan(0.7);
  });

  it('leaves no label out if there are fewer than four', async () => {
    const { unknown } = await evaluateClassifier(answers(3, 0.3), options);
    expect(unknown).toBeNull();
  });
});
