import { expect, it } from 'vitest';

import { createTrainer, randomSteps, randomTexts, SETTINGS } from '../support/ngram-scene.js';
import { referenceBag, referenceStep } from '../support/ngram-training-reference.js';
import { relativeError, TOLERANCE } from '../support/tolerances.js';

it.each([2, 15, 16, 17, 63, 128, 256])('trains like double precision at dim %i', async (dim) => {
  // An empty text, and two that share no n-gram with others, are texts without rows.
  const texts = [...randomTexts(20, 15, dim), '', 'alone', 'so am I'];
  const steps = randomSteps(texts.length, 3, 9, dim);
  steps.queries.set([texts.length - 1, texts.length - 2, texts.length - 3]);
  steps.learningRates.set([0.05, 0.1, 0.02]);
  const trainer = await createTrainer(texts, { dim });
  const start = await trainer.state();
  const rowOf = new Map([...start.keys].map((key, row) => [key, row]));
  const bags = texts.map((text) => referenceBag(text, SETTINGS, rowOf));
  const table = { dim, rows: Float64Array.from(start.rows), moments: Float64Array.from(start.moments) };
  for (let i = 0; i < 3; i++) {
    const part = (array: Int32Array): Int32Array => array.subarray(9 * i, 9 * (i + 1));
    const batch = { ...steps, queries: part(steps.queries), keys: part(steps.keys), labels: part(steps.labels!) };
    const [loss] = await trainer.steps({ ...batch, learningRates: steps.learningRates.subarray(i, i + 1) });
    const expected = referenceStep(table, bags, { ...batch, learningRate: steps.learningRates[i]! });
    expect(Math.abs(loss! / expected - 1)).toBeLessThan(1e-5);
    const { rows, moments } = await trainer.state();
    expect(relativeError(rows, table.rows)).toBeLessThan(TOLERANCE.infoNceF32);
    expect(relativeError(moments, table.moments)).toBeLessThan(TOLERANCE.infoNceF32);
  }
  trainer.dispose();
});
