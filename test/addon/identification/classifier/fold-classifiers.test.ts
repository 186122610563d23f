import { describe, expect, it } from 'vitest';

import { labelRows } from '../../../../src/core/row-labels.js';
import { FoldClassifiers } from '../../../../src/identification/classifier/fold-classifiers.js';
import { seededRandom } from '../../../support/random.js';

const IDS = ['a$eng', 'b$eng', 'c$eng', 'd$eng'];
const QUESTIONS = 12;
const OPTIONS = { fit: { base: null, dim: 16, steps: 20, pairs: 16 }, maxAnswers: 10_000, seed: 1 };

interface Row {
  valueId: string;
  group: string;
  text: string;
}

function answersOf(rows: readonly Row[]) {
  return {
    texts: rows.map(({ text }) => text),
    valueIds: rows.map(({ valueId }) => valueId),
    groups: rows.map(({ group }) => group),
  };
}

/** Mean probability of the own value id among some answers, of which a part is in the sample. */
async function meanOwnProbability(
  rows: readonly Row[],
  isSampled: (row: Row, i: number) => boolean,
  isScored: (row: Row, i: number) => boolean,
): Promise<number> {
  const { names, labels } = labelRows(rows.map(({ valueId }) => valueId));
  const folds: number[] = [];
  const classifiers = await FoldClassifiers.fit(
    answersOf(rows.filter(isSampled)),
    { names, groups: new Set(rows.map(({ group }) => group)), ...OPTIONS },
    { onProgress: (fold) => folds.push(fold) },
  );
  expect(folds).toEqual([1, 2, 3, 4]);
  const probabilities = await classifiers.probabilities(answersOf(rows));
  await classifiers.dispose();
  let [sum, count] = [0, 0];
  rows.forEach((row, i) => {
    const shares = probabilities.subarray(i * IDS.length, (i + 1) * IDS.length);
    expect(shares.reduce((total, share) => total + share, 0)).toBeCloseTo(1, 4);
    if (!isScored(row, i)) return;
    sum += shares[labels[i]!]!;
    count++;
  });
  return sum / count;
}

/** Three answers of every value id to every question: first all first ones, then all second ones, then the others. */
function makeRows(questions: number, markOf: (id: number, question: number) => string): Row[] {
  const random = seededRandom(1);
  return [0, 1, 2].flatMap(() =>
    IDS.flatMap((valueId, id) =>
      Array.from({ length: questions }, (_, question) => ({
        valueId,
        group: `q${question}`,
        text: Array.from({ length: 12 }, (_, at) =>
          at < 4 ? markOf(id, question) : `common${Math.floor(60 * random())}`,
        ).join(' '),
      })),
    ),
  );
}

/** The answers of a value id to a question share words that nobody else uses. */
const ofQuestion = (id: number, question: number): string =>
  (Math.imul(id * 97 + question + 1, 2_654_435_761) >>> 0).toString(36);
const all = (): boolean => true;

describe('classifiers of folds', () => {
  it('know what marks a value id everywhere, but nothing of an answer or its question', async () => {
    expect(
      await meanOwnProbability(
        makeRows(QUESTIONS, (id) => `own${id}`),
        all,
        all,
      ),
    ).toBeGreaterThan(0.8);
    expect(await meanOwnProbability(makeRows(QUESTIONS, ofQuestion), all, all)).toBeLessThan(0.35);
  });

  it('know nothing of a question if only its other answers are in the sample', async () => {
    const rows = makeRows(QUESTIONS, ofQuestion);
    // An n-gram counts only if two answers have it.
    const isSampled = (_: Row, i: number): boolean => i < (2 / 3) * rows.length;
    const isOther = (row: Row, i: number): boolean => !isSampled(row, i);
    expect(await meanOwnProbability(rows, isSampled, isOther)).toBeLessThan(0.35);
    const marked = makeRows(QUESTIONS, (id) => `own${id}`);
    expect(await meanOwnProbability(marked, isSampled, isOther)).toBeGreaterThan(0.8);
  });

  it('score answers to questions of which none is in the sample', async () => {
    const rows = makeRows(2 * QUESTIONS, (id) => `own${id}`);
    const isOld = ({ group }: Row): boolean => Number(group.slice(1)) < QUESTIONS;
    expect(await meanOwnProbability(rows, isOld, (row) => !isOld(row))).toBeGreaterThan(0.8);
  });
});
