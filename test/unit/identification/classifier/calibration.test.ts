import { describe, expect, it } from 'vitest';

import { calibrate, stepFor } from '../../../../src/identification/classifier/calibration.js';
import { fitLogistic, logOdds } from '../../../../src/identification/classifier/logistic.js';
import type { HeldOut } from '../../../../src/identification/classifier/scores.js';
import { fitScales, softmax } from '../../../../src/identification/classifier/softmax-scales.js';
import { seededRandom } from '../../../support/random.js';

const IDS = 4;

/** Held-out texts whose value ids were drawn from softmax(decision d + similarity s). */
function drawTexts(count: number, decision: number, similarity: number): HeldOut[] {
  const random = seededRandom(7);
  return Array.from({ length: count }, () => {
    const decisions = Float32Array.from({ length: IDS }, () => 2 * random() - 1);
    const similarities = Float32Array.from({ length: IDS }, () => random());
    const p = softmax(Array.from(decisions, (d, i) => decision * d + similarity * similarities[i]!));
    let left = random();
    const label = p.findIndex((share) => (left -= share) < 0);
    return { decisions, similarities, label: Math.max(label, 0), known: 1, source: `id ${label}` };
  });
}

describe('fitScales', () => {
  it('finds the factors that made the labels', () => {
    const { decision, similarity } = fitScales(drawTexts(20_000, 2.5, 5));
    expect(decision).toBeCloseTo(2.5, 0);
    expect(similarity / 5).toBeCloseTo(1, 1);
  });

  it('keeps to usual factors without texts, and stays finite for texts that are all right', () => {
    const usual = fitScales([]);
    const sure = drawTexts(50, 1, 1).map((text) => ({
      ...text,
      label: text.decisions.indexOf(Math.max(...text.decisions)),
    }));
    expect(usual.decision).toBeGreaterThan(0.5);
    expect(fitScales(sure).decision).toBeGreaterThan(usual.decision);
    expect(Number.isFinite(fitScales(sure).decision)).toBe(true);
  });
});

describe('fitLogistic', () => {
  it('finds the log odds of two normal distributions', () => {
    const random = seededRandom(3);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const side = (mean: number, count: number): number[][] =>
      Array.from({ length: count }, () => [3 * (normal() + mean), 5]);
    // With means 1 and -1 and variance 1, the log odds of z are 2 z; the number of examples has no influence.
    const model = fitLogistic(side(1, 20_000), side(-1, 5_000));
    for (const z of [-1, 0, 1]) expect(logOdds(model, [3 * z, 5])).toBeCloseTo(2 * z, 0);
  });
});

describe('calibrate', () => {
  it('takes texts of one author together with larger factors, if there are enough', () => {
    const texts = drawTexts(2000, 1, 1);
    const { steps } = calibrate(texts, 1);
    expect(steps.map((step) => step.texts)).toEqual([1, 3, 10]);
    expect(steps[2]!.scales.decision).toBeGreaterThan(1.5 * steps[0]!.scales.decision);
    expect(steps.every(({ unknown }) => unknown === null)).toBe(true);
    expect(stepFor({ steps, minKnown: 0 }, 7).texts).toBe(3);
  });

  it('tells unknown authors by their scores, and odd texts by their n-grams', () => {
    const known = drawTexts(300, 3, 3);
    const unknown = drawTexts(100, 0, 0).map((text) => ({
      ...text,
      decisions: text.decisions.map((d) => d - 2),
      label: -1,
      source: 'other',
    }));
    const texts = [...known, ...unknown].map((text, i) => ({ ...text, known: 0.5 + i / 800 }));
    const { steps, minKnown } = calibrate(texts, 1);
    expect(minKnown).toBeCloseTo(0.5025);
    expect(steps[0]!.unknown!.weights[1]).toBeLessThan(0);
  });
});
