import { describe, expect, it } from 'vitest';

import { labelRows } from '../../../../src/core/row-labels.js';
import { probabilitiesOnFolds } from '../../../../src/identification/classifier/probabilities-on-folds.js';
import { seededRandom } from '../../../support/random.js';

const IDS = ['a$eng', 'b$eng', 'c$eng', 'd$eng'];
const QUESTIONS = 12;
const OPTIONS = { fit: { base: null, dim: 16, steps: 20, pairs: 16 }, maxAnswers: 10_000, seed: 1 };

/** Mean probability of the own value id, for two answers of every value id to every question. */
async function meanOwnProbability(markOf: (id: number, question: number) => string): Promise<number> {
  const random = seededRandom(1);
  const rows = IDS.flatMap((valueId, id) =>
    Array.from({ length: 2 * QUESTIONS }, (_, i) => ({
      valueId,
      group: `q${i % QUESTIONS}`,
      text: Array.from({ length: 12 }, (_, at) =>
        at < 4 ? markOf(id, i % QUESTIONS) : `common${Math.floor(60 * random())}`,
      ).join(' '),
    })),
  );
  const { names, labels } = labelRows(rows.map(({ valueId }) => valueId));
  const folds: number[] = [];
  const probabilities = await probabilitiesOnFolds(
    {
      texts: rows.map(({ text }) => text),
      valueIds: rows.map(({ valueId }) => valueId),
      groups: rows.map(({ group }) => group),
    },
    { names, labels, ...OPTIONS },
    { onProgress: (fold) => folds.push(fold) },
  );
  expect(folds).toEqual([1, 2, 3, 4]);
  rows.forEach((_, row) => {
    const own = probabilities.subarray(row * IDS.length, (row + 1) * IDS.length);
    expect(own.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
  });
  return labels.reduce((sum, label, row) => sum + probabilities[row * IDS.length + label]!, 0) / rows.length;
}

describe('probabilities on folds', () => {
  it('know what marks a value id everywhere, but nothing of an answer or its question', async () => {
    expect(await meanOwnProbability((id) => `own${id}`)).toBeGreaterThan(0.8);
    // Both answers of a value id to a question share words that nobody else uses.
    const word = (id: number, question: number): string => ((id * QUESTIONS + question) * 2_654_435_761).toString(36);
    expect(await meanOwnProbability(word)).toBeLessThan(0.35);
  });
});
