import { expect, it } from 'vitest';

import type { ControlSide } from '../../../src/evaluation/control/control-rows.js';
import { evaluateControl } from '../../../src/evaluation/control/evaluate-control.js';
import { seededRandom } from '../../support/random.js';

const LABELS = ['a$eng', 'b$eng', 'c$eng'];
const QUESTIONS = 40;
const DIM = 8;

/** Answers that are told apart by a style, entry `label` of the vectors, or by values, entry 4 + `label`. */
function makeSide(signs: { style: boolean; values: boolean }, seed: number): ControlSide {
  const random = seededRandom(seed);
  const rows = LABELS.flatMap((label, l) =>
    Array.from({ length: QUESTIONS }, (_, q) => ({ label, l, group: `q${q}` })),
  );
  const texts = rows.map(({ l }) => {
    const words = Array.from({ length: 8 }, () => `w${Math.floor(30 * random())}`);
    if (signs.style) words.push(`style${l}`, `style${l}`);
    if (signs.values) words.push(`value${l}`, `value${l}`);
    return words.join(' ');
  });
  const embeddings = new Float32Array(rows.length * DIM);
  rows.forEach(({ l }, row) => {
    const x = embeddings.subarray(row * DIM, (row + 1) * DIM);
    for (let d = 0; d < DIM; d++) x[d] = 0.3 * (random() - 0.5);
    x[3] = 1;
    if (signs.style) x[l]! += 0.5;
    if (signs.values) x[4 + l]! += 0.5;
  });
  return {
    texts,
    labels: rows.map(({ label }) => label),
    groups: rows.map(({ group }) => group),
    embeddings,
    dim: DIM,
  };
}

const OPTIONS = { k: 5, bootstrapSamples: 100, fit: { base: null, dim: 16, steps: 30, pairs: 32 } };

it('finds style on both sides and after a transfer, and erases it', async () => {
  const data = {
    values: makeSide({ style: true, values: false }, 1),
    control: makeSide({ style: true, values: false }, 2),
  };
  const { rows, erasure, chance } = await evaluateControl(data, OPTIONS);
  expect(chance).toBeCloseTo(1 / 3);
  for (const { values, control, controlToValues, valuesToControl } of rows)
    for (const { balancedAccuracy } of [values, control, controlToValues, valuesToControl])
      expect(balancedAccuracy).toBeGreaterThan(0.8);
  expect(erasure.rank).toBe(2);
  expect(erasure.before.balancedAccuracy).toBeGreaterThan(0.9);
  expect(erasure.after.balancedAccuracy).toBeLessThan(0.55);
  expect(erasure.random).toBeGreaterThan(0.6);
});

it('finds values only on the side of values, and leaves them if style is erased', async () => {
  const data = {
    values: makeSide({ style: false, values: true }, 1),
    control: makeSide({ style: false, values: false }, 2),
  };
  const { rows, erasure } = await evaluateControl(data, OPTIONS);
  for (const { values, control, controlToValues, drop } of rows) {
    expect(values.balancedAccuracy).toBeGreaterThan(0.8);
    expect(control.balancedAccuracy).toBeLessThan(0.55);
    expect(controlToValues.balancedAccuracy).toBeLessThan(0.6);
    expect(drop.interval!.low).toBeGreaterThan(0.2);
  }
  expect(erasure.after.balancedAccuracy).toBeGreaterThan(0.8);
});

it('leaves out labels with too few answers on one side', async () => {
  const values = makeSide({ style: true, values: true }, 1);
  const short = {
    ...values,
    labels: values.labels.map((label, row) => (row < 10 ? 'a$eng' : label.replace('a', 'b'))),
  };
  const { labels, chance } = await evaluateControl({ values, control: short }, { ...OPTIONS, minPerId: 20 });
  expect(labels).toEqual(['b$eng', 'c$eng']);
  expect(chance).toBe(1 / 2);
});

it('refuses sides that share fewer than two labels', async () => {
  const values = makeSide({ style: true, values: true }, 1);
  const control = { ...values, labels: values.labels.map((label) => (label === 'a$eng' ? label : `other ${label}`)) };
  await expect(evaluateControl({ values, control }, OPTIONS)).rejects.toThrow(
    'Expected at least two labels with 1 or more answers on both sides, got 1: the first side has 3, the second 3',
  );
});
