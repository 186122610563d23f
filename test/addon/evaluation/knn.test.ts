import { describe, expect, it } from 'vitest';

import { evaluateKnn } from '../../../src/evaluation/knn.js';
import type { LabelledEmbeddings } from '../../../src/evaluation/prepare.js';
import { randomNormal } from '../../support/random.js';

const IDS = ['m1$eng', 'm1$zho', 'm2$eng', 'm2$zho'];

/** Makes overlapping clusters: 30 questions, each answered by four value ids. */
function clusters(dim: number, spread: number): LabelledEmbeddings {
  const rows = 120;
  const embeddings = randomNormal(rows * dim, 3);
  for (let row = 0; row < rows; row++) embeddings[row * dim + (row % 4)]! += spread;
  return {
    embeddings,
    dim,
    labels: Array.from({ length: rows }, (_, row) => IDS[row % 4]!),
    groups: Array.from({ length: rows }, (_, row) => `q${Math.floor(row / 4)}`),
  };
}

/** Predicts the label of each tested row by sorting all distances in double precision. */
function bruteForce(
  { embeddings, dim, labels }: LabelledEmbeddings,
  train: number[],
  test: number[],
  k: number,
): string[] {
  return test.map((row) => {
    const nearest = train
      .map((other) => {
        let squared = 0;
        for (let j = 0; j < dim; j++) squared += (embeddings[row * dim + j]! - embeddings[other * dim + j]!) ** 2;
        return { label: labels[other]!, squared };
      })
      .sort((a, b) => a.squared - b.squared)
      .slice(0, k);
    const votes = IDS.map((id) => nearest.filter(({ label }) => label === id).length);
    return IDS[votes.indexOf(Math.max(...votes))]!;
  });
}

describe('evaluateKnn', () => {
  const data = clusters(7, 1.5);
  const train = Array.from({ length: 90 }, (_, i) => i);
  const test = Array.from({ length: 30 }, (_, i) => 90 + i);
  const split = { train: Int32Array.from(train), test: Int32Array.from(test) };

  it('agrees with brute force for every k of the sweep', async () => {
    const result = await evaluateKnn(data, { split, k: 10, sweep: [1, 2, 4, 90] });
    expect(result.sweep.map(({ k }) => k)).toEqual([1, 2, 4, 10, 90]);
    for (const { k, accuracy } of result.sweep) {
      const predicted = bruteForce(data, train, test, k);
      expect(accuracy).toBeCloseTo(predicted.filter((label, i) => label === data.labels[test[i]!]).length / 30, 12);
    }
    const predicted = bruteForce(data, train, test, 10);
    IDS.forEach((actual, i) => {
      const own = predicted.filter((_, j) => data.labels[test[j]!] === actual);
      expect(result.confusion.counts[i]).toEqual(IDS.map((id) => own.filter((label) => label === id).length));
    });
    expect(result.sweep[3]).toMatchObject({ accuracy: result.accuracy, weightedF1: result.weightedF1 });
  });

  it('lets 50 answers vote, or a third of fewer than 150', async () => {
    const chosenK = async (rows: number): Promise<number> => {
      const embeddings = randomNormal((rows + 1) * 2, 3);
      const labels = Array.from({ length: rows + 1 }, (_, row) => IDS[row % 4]!);
      const groups = labels.map((_, row) => `q${row}`);
      const split = { train: Int32Array.from({ length: rows }, (_, row) => row), test: Int32Array.of(rows) };
      return (await evaluateKnn({ embeddings, dim: 2, labels, groups }, { split })).k;
    };
    expect([await chosenK(1), await chosenK(25), await chosenK(149), await chosenK(200)]).toEqual([1, 9, 50, 50]);
  });

  it('reports the split, chance and every label', async () => {
    const result = await evaluateKnn(data, { k: 5 });
    expect(result).toMatchObject({ k: 5, split: 'question', seed: 1, chance: 0.25, majority: 0.25 });
    expect(result).toMatchObject({ train: 88, test: 32, testGroups: 8, testShare: 32 / 120 });
    expect(result.perId.map(({ id }) => id)).toEqual(IDS);
    for (const { train: rows, test: tested } of result.perId) expect([rows, tested]).toEqual([22, 8]);
    expect(result.balancedAccuracy).toBeGreaterThan(0.4);
    expect(result.intervals!.accuracy.low).toBeLessThan(result.accuracy);
    expect(result.intervals!.accuracy.high).toBeGreaterThan(result.accuracy);
  });

  it('merges value ids by language and by model', async () => {
    const { byLang, byModel, confusion } = await evaluateKnn(data, { split, k: 5 });
    expect(byLang!.labels).toEqual(['eng', 'zho']);
    expect(byModel!.labels).toEqual(['m1', 'm2']);
    expect(byModel!.counts[0]![1]).toBe([0, 1].flatMap((i) => confusion.counts[i]!.slice(2)).reduce((a, b) => a + b));
    expect(byLang!.chance).toBe(0.5);
    const models = await evaluateKnn({ ...data, labels: data.labels.map((id) => id.slice(0, 2)) }, { split, k: 5 });
    expect([models.byLang, models.byModel]).toEqual([null, null]);
  });

  it('finds well separated labels by rows and by questions', async () => {
    const apart = clusters(7, 40);
    for (const kind of ['row', 'question'] as const) {
      expect((await evaluateKnn(apart, { split: kind, k: 5 })).accuracy).toBe(1);
    }
  });

  it('gives the same result for the same seed, and another one for another seed', async () => {
    const first = await evaluateKnn(data, { k: 5, seed: 9 });
    expect(await evaluateKnn(data, { k: 5, seed: 9 })).toEqual(first);
    expect((await evaluateKnn(data, { k: 5, seed: 10 })).confusion).not.toEqual(first.confusion);
  });

  it('leaves out rare labels on request, and reports labels that are never tested', async () => {
    const labels = data.labels.map((label, row) => (row < 3 ? 'rare$eng' : row < 8 ? 'one-question$eng' : label));
    const groups = data.groups.map((group, row) => (row < 8 ? 'q0' : group));
    const result = await evaluateKnn({ ...data, labels, groups }, { k: 5, minPerId: 4 });
    expect(result.idsLeftOut).toEqual(['rare$eng']);
    expect(result.idsWithoutTest).toEqual(['one-question$eng']);
    expect(result.perId.find(({ id }) => id === 'one-question$eng')).toMatchObject({
      train: 5,
      test: 0,
      recall: null,
      f1: null,
    });
    expect(result.chance).toBe(1 / 5);
    expect(result.train + result.test).toBe(117);
  });

  it('rejects data that cannot be evaluated', async () => {
    const refuses = async (change: Partial<LabelledEmbeddings>, options: object, message: string): Promise<void> => {
      await expect(evaluateKnn({ ...data, ...change }, options)).rejects.toThrow(message);
    };
    await refuses({}, { k: 0 }, '"k"');
    await refuses({}, { k: 89 }, 'from 1 to 88 for "k"');
    await refuses({}, { k: 5, sweep: [5, 1000] }, '"sweep[1]"');
    await refuses({ labels: data.labels.map(() => 'a') }, { k: 5 }, 'only "a"');
    await refuses({}, { k: 5, minPerId: 31 }, 'got none');
    await refuses({ labels: data.labels.slice(1) }, { k: 5 }, '120 labels');
    await refuses({ groups: data.groups.slice(1) }, { k: 5 }, '120 groups');
    await refuses({ dim: 0 }, { k: 5 }, '"dim"');
    await refuses({ dim: 11 }, { k: 5 }, '"embeddings"');
    await refuses({ embeddings: data.embeddings.map((x, i) => (i === 14 ? NaN : x)) }, { k: 5 }, 'NaN in row 2');
    await refuses(
      { labels: data.labels.map((label, row) => (row === 5 ? 'z' : label)) },
      { k: 5, split: 'row' },
      'got one of "z"',
    );
    await refuses({}, { k: 5, testShare: 1 }, '"testShare"');
    await refuses({}, { k: 5, seed: -1 }, '"seed"');
    await refuses({}, { k: 5, split: 'model' }, '"split"');
    await refuses({}, { k: 5, split: null }, '"split"');
    await refuses({}, { k: 5, K: 5 }, 'only the keys');
    await refuses({}, { k: 1, split: { train: Int32Array.of(0, 1), test: Int32Array.of(1) } }, 'once in the split');
    await refuses({}, { k: 1, split: { train: Int32Array.of(0, 120), test: Int32Array.of(1) } }, '"split.train[1]"');
    await refuses({}, { k: 1, split: { train: Int32Array.of(0, 1), test: Int32Array.of() } }, '"split"');
    await refuses({}, { k: 5, signal: AbortSignal.abort() }, 'aborted');
  });
});
