import { describe, expect, it } from 'vitest';

import { classifierAccuracy } from '../../../src/comparison/classifier-accuracy.js';
import { compareAll } from '../../../src/comparison/compare-all.js';
import { compareAnswers } from '../../../src/comparison/compare-answers.js';
import { type AnswerSide, pairAnswers } from '../../../src/comparison/paired-answers.js';
import { ridgeClassifier } from '../../../src/comparison/ridge-classifier.js';
import type { SideClassifier } from '../../../src/comparison/side-classifier.js';
import { normalSides, reference, side } from '../../support/comparison-scene.js';
import { randomNormal } from '../../support/random.js';

const QUICK = { draws: 99, bootstrapSamples: 50 };

describe('the classifier', () => {
  it('scores like numpy', async () => {
    const { x, y, tested, scores } = reference.ridge;
    const answers = (rows: number[][]) => ({
      embeddings: Float32Array.from(rows.flat()),
      dim: 4,
    });
    const own = await ridgeClassifier.score({ ...answers(x), labels: Int8Array.from(y) }, answers(tested), undefined);
    expect([...own]).toEqual(scores.map((score) => expect.closeTo(score, 5) as number));
  });

  it('is tested once on every answer, and fitted on other questions', async () => {
    const dim = 3;
    // A vector holds the number of its question, that of its sample and the label of its side.
    const [a, b] = [1, -1].map((label) =>
      side(
        `side ${label}`,
        Float32Array.from(Array.from({ length: 22 }, (_, i) => [i >> 1, i % 2, label]).flat()),
        dim,
        2,
      ),
    ) as [AnswerSide, AnswerSide];
    const rowsOf = (embeddings: Float32Array): number[][] =>
      Array.from({ length: embeddings.length / dim }, (_, row) => [...embeddings.subarray(row * dim, (row + 1) * dim)]);
    const tested: number[][] = [];
    const byLabel: SideClassifier = {
      name: 'reads the label of the side',
      score(train, { embeddings }) {
        const fitted = rowsOf(train.embeddings);
        const rows = rowsOf(embeddings);
        expect(rows.filter(([question]) => fitted.some(([other]) => other === question))).toEqual([]);
        expect([...train.labels]).toEqual(fitted.map(([, , label]) => label));
        expect(train.labels.reduce((sum, label) => sum + label, 0)).toBe(0);
        tested.push(...rows);
        return Promise.resolve(Float64Array.from(rows, ([, , label]) => label!));
      },
    };
    const paired = pairAnswers([a, b], { dim, within: undefined });
    const options = { folds: 4, bootstrapSamples: 20, seed: 1, signal: undefined };
    expect(await classifierAccuracy(paired, options, byLabel)).toEqual({
      classifier: byLabel.name,
      accuracy: 1,
      interval: { low: 1, high: 1 },
      folds: 4,
    });
    expect(tested.sort()).toEqual([...rowsOf(a.embeddings), ...rowsOf(b.embeddings)].sort());
  });

  it('is right half of the time without a difference, and nearly always with a large one', async () => {
    const accuracy = async (shift: number): Promise<number> => {
      const [a, b] = normalSides({ questions: 200, dim: 4, shift, seed: 9 });
      return (await compareAnswers(a, b, { ...QUICK, dim: 4, phrases: 0 })).classifier.accuracy;
    };
    expect(Math.abs((await accuracy(0)) - 0.5)).toBeLessThan(0.08);
    expect(await accuracy(30)).toBeGreaterThan(0.98);
  });
});

describe('compareAnswers', () => {
  it('gives the same result for the same seed, and another p value for another', async () => {
    const [a, b] = normalSides({ questions: 30, dim: 4, shift: 0.3, seed: 4 });
    const run = (seed: number) => compareAnswers(a, b, { ...QUICK, draws: 999, dim: 4, seed });
    expect(await run(1)).toEqual(await run(1));
    expect((await run(2)).difference.p).not.toBe((await run(1)).difference.p);
  });

  it('orders questions by their excess over two samples of one side, with adjusted p values', async () => {
    // In question q1 the sides differ; in q0 each side varies more, but they do not differ.
    const samples = 5;
    const rows = (offset: number): Float32Array =>
      Float32Array.from({ length: 3 * samples }, (_, i) => {
        const [question, sample] = [Math.floor(i / samples), i % samples];
        return question === 0
          ? 4 * sample + offset / 10
          : question === 1
            ? sample / 10 + 2 * offset
            : sample / 10 + offset / 30;
      });
    const { questionDifferences, hasSamples } = await compareAnswers(
      side('a', rows(1), 1, samples),
      side('b', rows(0), 1, samples),
      {
        ...QUICK,
        draws: 300,
        dim: 1,
      },
    );
    expect(hasSamples).toBe(true);
    expect(questionDifferences.map(({ qid }) => qid)).toEqual(['q1', 'q2', 'q0']);
    const [first, , last] = questionDifferences;
    expect(last!.apart).toBeGreaterThan(first!.apart);
    expect(first).toMatchObject({ p: 2 / 252, adjustedP: 6 / 252 });
  });

  it('can be aborted', async () => {
    const [a, b] = normalSides({ questions: 30, dim: 4, seed: 4 });
    await expect(compareAnswers(a, b, { dim: 4, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});

describe('compareAll', () => {
  const dim = 4;
  const noise = (seed: number, offset: number): Float32Array =>
    randomNormal(80 * dim, seed).map((value, i) => value + (i % dim === 0 ? offset : 0));
  const sides = [
    side('x', noise(1, 0), dim),
    side('far', noise(2, 6), dim),
    side('y', noise(3, 0), dim),
    side('far2', noise(4, 6.5), dim),
  ];

  it('tests all pairs, adjusts their p values and puts similar sides side by side', async () => {
    const { pairs, order, merges, missing } = await compareAll(sides, { ...QUICK, dim });
    expect(pairs.map((pair) => pair.sides)).toEqual([
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
      [2, 3],
    ]);
    expect(missing).toEqual([]);
    expect(order).toEqual([0, 2, 1, 3]);
    expect(merges.at(-1)!.size).toBe(4);
    const direct = await compareAnswers(sides[0]!, sides[2]!, { ...QUICK, dim, phrases: 0 });
    expect(pairs[1]).toMatchObject({ difference: direct.difference, classifier: direct.classifier });
    for (const { difference, adjustedP } of pairs) expect(adjustedP).toBeGreaterThanOrEqual(difference.p);
  });

  it('leaves out pairs without common questions, and fails if there is no other', async () => {
    const other = {
      ...side('other', noise(5, 0), dim),
      records: sides[0]!.records.map((record) => ({ ...record, qid: `z${record.qid}` })),
    };
    const { missing, pairs } = await compareAll([...sides.slice(0, 2), other], { ...QUICK, dim });
    expect({ missing, pairs: pairs.length }).toEqual({
      missing: [
        [0, 2],
        [1, 2],
      ],
      pairs: 1,
    });
    await expect(compareAll([sides[0]!, other], { ...QUICK, dim })).rejects.toMatchObject({ code: 'ERR_DATA' });
  });
});
