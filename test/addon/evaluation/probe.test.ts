import { describe, expect, it } from 'vitest';

import { SeededRandom } from '../../../src/core/random.js';
import type { LabelledEmbeddings } from '../../../src/evaluation/prepare.js';
import { accuracyAt, evaluateProbe, type ProbeEpoch } from '../../../src/evaluation/probe.js';
import { SoftmaxRegression } from '../../../src/evaluation/softmax-regression.js';
import { randomNormal } from '../../support/random.js';

const DIM = 6;
const LABELS = 5;
const ROWS = 100;

function clusters(spread: number): LabelledEmbeddings {
  const embeddings = randomNormal(ROWS * DIM, 4);
  for (let row = 0; row < ROWS; row++) embeddings[row * DIM + (row % LABELS)]! += spread;
  return {
    embeddings,
    dim: DIM,
    labels: Array.from({ length: ROWS }, (_, row) => `m${row % LABELS}$eng`),
    groups: Array.from({ length: ROWS }, (_, row) => `q${Math.floor(row / LABELS)}`),
  };
}

/** Computes the training losses of full-batch AdamW in double precision, from the same start. */
function referenceLosses(
  { embeddings }: LabelledEmbeddings,
  train: number[],
  epochs: number,
  rate: number,
  decay: number,
): number[] {
  const start = new SoftmaxRegression(DIM, LABELS, new SeededRandom(1));
  const parameters = [...start.weights, ...start.bias];
  const first = parameters.map(() => 0);
  const second = parameters.map(() => 0);
  return Array.from({ length: epochs }, (_, epoch) => {
    const gradient = parameters.map(() => 0);
    let loss = 0;
    for (const row of train) {
      const exps = Array.from({ length: LABELS }, (__, label) => {
        let logit = parameters[LABELS * DIM + label]!;
        for (let j = 0; j < DIM; j++) logit += embeddings[row * DIM + j]! * parameters[label * DIM + j]!;
        return Math.exp(logit);
      });
      const sum = exps.reduce((a, b) => a + b);
      loss -= Math.log(exps[row % LABELS]! / sum) / train.length;
      exps.forEach((value, label) => {
        const slope = (value / sum - (label === row % LABELS ? 1 : 0)) / train.length;
        for (let j = 0; j < DIM; j++) gradient[label * DIM + j]! += slope * embeddings[row * DIM + j]!;
        gradient[LABELS * DIM + label]! += slope;
      });
    }
    const lr = rate * (1 - epoch / epochs);
    gradient.forEach((g, i) => {
      first[i] = 0.9 * first[i]! + 0.1 * g;
      second[i] = 0.999 * second[i]! + 0.001 * g * g;
      const step = first[i] / (1 - 0.9 ** (epoch + 1)) / (Math.sqrt(second[i] / (1 - 0.999 ** (epoch + 1))) + 1e-8);
      parameters[i]! -= lr * (step + decay * parameters[i]!);
    });
    return loss;
  });
}

describe('evaluateProbe', () => {
  const data = clusters(2);
  const train = Array.from({ length: 75 }, (_, i) => i);
  const split = { train: Int32Array.from(train), test: Int32Array.from({ length: 25 }, (_, i) => 75 + i) };

  it.each([0, 0.01, 0.3])('trains like a double-precision reference, weight decay %d', async (weightDecay) => {
    const options = { split, batchSize: 75, epochs: 12, learningRate: 0.05, weightDecay };
    const { epochs } = await evaluateProbe(data, options);
    const expected = referenceLosses(data, train, 12, 0.05, weightDecay);
    epochs.forEach(({ loss }, i) => expect(loss).toBeCloseTo(expected[i]!, 5));
    expect(epochs.map(({ learningRate }) => learningRate)).toEqual(
      Array.from({ length: 12 }, (_, i) => 0.05 * (1 - i / 12)),
    );
  });

  it('has the defaults of the paper', async () => {
    const { epochs, batchSize, weightDecay } = await evaluateProbe(data);
    expect(epochs).toHaveLength(20);
    expect(epochs[0]!.learningRate).toBe(0.002);
    expect(epochs[19]!.learningRate).toBeCloseTo(0.0001, 10);
    expect([batchSize, weightDecay]).toEqual([512, 0.01]);
  });

  it('learns separable labels in small batches, the last one short', async () => {
    const result = await evaluateProbe(clusters(30), { batchSize: 16, learningRate: 0.1 });
    expect(result.accuracy).toBe(1);
    expect(result.accuracyAt).toEqual({ 1: 1, 3: 1, 5: 1, 10: 1 });
    expect(result).toMatchObject({ chance: 0.2, train: 75, test: 25, split: 'question' });
  });

  it('reports each epoch, the last one as the result', async () => {
    const seen: ProbeEpoch[] = [];
    const result = await evaluateProbe(data, { epochs: 3, batchSize: 10, onEpoch: (epoch) => seen.push(epoch) });
    expect(seen).toEqual(result.epochs);
    expect(result.accuracyAt).toEqual(seen[2]!.accuracyAt);
    expect(result.accuracyAt[1]).toBeCloseTo(result.accuracy, 12);
  });

  it('depends on the seed', async () => {
    const first = await evaluateProbe(data, { epochs: 2, batchSize: 10, seed: 5 });
    expect(await evaluateProbe(data, { epochs: 2, batchSize: 10, seed: 5 })).toEqual(first);
    expect((await evaluateProbe(data, { epochs: 2, batchSize: 10, seed: 6 })).epochs[1]!.loss).not.toBe(
      first.epochs[1]!.loss,
    );
  });

  it('rejects data that cannot be trained on', async () => {
    await expect(evaluateProbe(data, { epochs: 0 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(evaluateProbe(data, { batchSize: 0.5 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(evaluateProbe(data, { weightDecay: -1 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(evaluateProbe(data, { learningRate: NaN })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(evaluateProbe(data, { lr: 1 } as object)).rejects.toThrow('only the keys');
    await expect(evaluateProbe({ ...data, dim: 7 })).rejects.toMatchObject({ code: 'ERR_SHAPE_MISMATCH' });
    await expect(evaluateProbe({ ...data, labels: data.labels.map(() => 'a') })).rejects.toThrow('only "a"');
    await expect(evaluateProbe(data, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect(evaluateProbe(data, { learningRate: 1e38, batchSize: 5 })).rejects.toMatchObject({
      code: 'ERR_NON_FINITE',
    });
    await expect(evaluateProbe(data, { learningRate: 1e39, epochs: 1 })).rejects.toMatchObject({
      code: 'ERR_NON_FINITE',
    });
  });
});

describe('accuracyAt', () => {
  it('ranks equal logits by label', () => {
    const logits = Float32Array.of(1, 1, 1, 1, /**/ 0, 5, 4, 3);
    expect(accuracyAt(logits, Int32Array.of(2, 1), 4)).toEqual({ 1: 0.5, 3: 1, 5: 1, 10: 1 });
    expect(accuracyAt(logits, Int32Array.of(3, 0), 4)).toEqual({ 1: 0, 3: 0, 5: 1, 10: 1 });
  });
});
