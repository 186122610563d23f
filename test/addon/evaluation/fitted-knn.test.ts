import { describe, expect, it } from 'vitest';

import { SeededRandom } from '../../../src/core/random.js';
import { evaluateFittedKnn, fitOnTraining, type LabelledAnswers } from '../../../src/evaluation/fitted-knn.js';
import { evaluateKnn } from '../../../src/evaluation/knn.js';

const QUESTIONS = 60;
const MODELS = ['a', 'b', 'c', 'd'];
const fit = { base: null, dim: 16, steps: 60, pairs: 32 } as const;
const split = { split: 'question', seed: 1, bootstrapSamples: 0 } as const;

/** Every model answers every question, in words of the question and, in places, with a turn of phrase of its own. */
function answers(): LabelledAnswers {
  const random = new SeededRandom(3);
  const rows = Array.from({ length: QUESTIONS * MODELS.length }, (_, row) => {
    const question = Math.floor(row / MODELS.length);
    const model = row % MODELS.length;
    const words = Array.from({ length: 12 }, () => `topic${question}x${random.integer(6)} filler${random.integer(40)}`);
    return { group: `q${question}`, label: MODELS[model]!, text: `${words.join(' ')}. In sum, phrase${model} holds.` };
  });
  return {
    labels: rows.map(({ label }) => label),
    groups: rows.map(({ group }) => group),
    texts: rows.map(({ text }) => text),
  };
}

/** Shuffles the labels of the answers to each question. */
function shuffled(data: LabelledAnswers, seed: number): LabelledAnswers {
  const random = new SeededRandom(seed);
  const labels = Array.from({ length: QUESTIONS }, (_, question) =>
    random.shuffle(data.labels.slice(question * MODELS.length, (question + 1) * MODELS.length)),
  ).flat();
  return { ...data, labels };
}

describe('the evaluation of fitted encoders', () => {
  it('identifies models by what tells them apart on other questions', async () => {
    const { balancedAccuracy } = await evaluateFittedKnn(answers(), { ...split, k: 10, fit });
    expect(balancedAccuracy).toBeGreaterThan(0.95);
  });

  // An evaluation that scores answers that the fit has seen, or to questions that it has seen, fails here.
  it('is at chance if labels are shuffled within questions, although the fit knows its own rows', async () => {
    const data = answers();
    let accuracy = 0;
    let seen = 0;
    for (const seed of [1, 2, 3, 4]) {
      const fitted = await fitOnTraining(shuffled(data, seed), { ...split, fit: { ...fit, steps: 150, seed } });
      const tested = await evaluateKnn(fitted, { ...split, k: 5 });
      accuracy += tested.balancedAccuracy / 4;
      const own = await evaluateKnn(fitted, { ...split, k: 5, seed: seed + 10 }); // most of its rows were seen
      seen += own.balancedAccuracy / 4;
    }
    expect(seen).toBeGreaterThan(0.4);
    expect(Math.abs(accuracy - 0.25)).toBeLessThan(0.08); // two standard errors of 240 answers: 0.056
  });

  it('fits on the value ids, whatever label it predicts', async () => {
    const data = answers();
    const pairs = data.labels.map((label) => (label < 'c' ? 'first' : 'second'));
    const settings = { ...split, k: 5, fit };
    const { perId, balancedAccuracy } = await evaluateFittedKnn(
      { ...data, labels: pairs, valueIds: data.labels },
      settings,
    );
    expect(perId.map(({ id }) => id)).toEqual(['first', 'second']);
    expect(balancedAccuracy).toBeGreaterThan(0.95);
  });

  it('gives the same figures again', async () => {
    const settings = { ...split, k: 5, fit };
    expect(await evaluateFittedKnn(answers(), settings)).toEqual(await evaluateFittedKnn(answers(), settings));
  });

  it('says what a fit lacks', async () => {
    const data = { labels: ['a', 'a', 'b', 'b'], groups: ['1', '2', '1', '2'], texts: ['x', 'y', 'z', 'w'] };
    await expect(evaluateFittedKnn(data, { ...split, k: 1, fit })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('two value ids with at least two answers each, got 0 of 2') as string,
    });
  });
});
