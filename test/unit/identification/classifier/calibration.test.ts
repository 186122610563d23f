import { describe, expect, it } from 'vitest';
import { rocArea } from '../../../../src/evaluation/classifier/roc-area.js';
import { calibrate, stepFor } from '../../../../src/identification/classifier/calibration.js';
import { fitSlope } from '../../../../src/identification/classifier/fit-slope.js';
import { logUnlikeness } from '../../../../src/identification/classifier/known-tail.js';
import { authorProbabilities } from '../../../../src/identification/classifier/probabilities.js';
import { meanProfiles } from '../../../../src/identification/classifier/profiles.js';
import { drawGroups, type HeldOut } from '../../../../src/identification/classifier/scores.js';
import { fitScales, softmax } from '../../../../src/identification/classifier/softmax-scales.js';
import { fitUnknownOdds } from '../../../../src/identification/classifier/unknown-odds.js';
import { seededRandom } from '../../../support/random.js';

const IDS = 4;
const ALL = [...Array.from({ length: IDS }).keys()];

/** Held-out texts whose value ids were drawn from softmax(decision d + similarity s). */
function drawTexts(count: number, decision: number, similarity: number): HeldOut[] {
  const random = seededRandom(7);
  return Array.from({ length: count }, () => {
    const decisions = Float32Array.from({ length: IDS }, () => 2 * random() - 1);
    const similarities = Float32Array.from({ length: IDS }, () => random());
    const p = softmax(Array.from(decisions, (d, i) => decision * d + similarity * similarities[i]!));
    let left = random();
    const label = p.findIndex((share) => (left -= share) < 0);
    const fold = Math.floor(4 * random());
    return { decisions, similarities, label: Math.max(label, 0), columns: ALL, fold, known: 1, source: `id ${label}` };
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

describe('calibrate', () => {
  it('takes texts of one author together with larger factors, if there are enough', () => {
    const texts = drawTexts(2000, 1, 1);
    const { steps } = calibrate(texts, IDS, 1);
    expect(steps.map((step) => step.texts)).toEqual([1, 3, 10]);
    expect(steps[2]!.scales.decision).toBeGreaterThan(1.5 * steps[0]!.scales.decision);
    expect(steps.every(({ unknown }) => unknown === null)).toBe(true);
    expect(stepFor({ steps, profiles: null }, 7).texts).toBe(3);
  });

  it('tells unknown authors by their scores, and odd texts by their n-grams', () => {
    const known = drawTexts(300, 3, 3);
    const unknown = drawTexts(100, 0, 0).map((text) => ({
      ...text,
      decisions: text.decisions.map((d) => d - 2),
      label: -1,
      source: 'other',
    }));
    const texts = [...known, ...unknown].map((text, i) => ({ ...text, known: 0.9 + (i % 100) / 1000 }));
    const calibration = calibrate(texts, IDS, 1);
    const step = calibration.steps[0]!;
    expect(step.unknown!.logit).toBeLessThan(0);
    expect(step.known!.tails[0]).toBeCloseTo(1 / 301);
    const unknownAt = (share: number): number => authorProbabilities(calibration, known[0]!, share, 1).unknown!;
    expect(unknownAt(0.99)).toBeLessThan(0.2);
    expect(unknownAt(0.9)).toBeGreaterThan(unknownAt(0.95));
    expect(unknownAt(0.2)).toBeGreaterThan(0.99);
    // The mean of ten texts of a known author is never so low.
    const [one, , ten] = calibration.steps.map((own) => logUnlikeness(own.known!, 0.92));
    expect(ten).toBeGreaterThan(2 * one!);
  });

  it('tells no unknown authors by a few texts, however often groups of them are drawn', () => {
    const unknown = drawTexts(29, 0, 0).map((text) => ({ ...text, label: -1, source: 'other' }));
    const { steps, profiles } = calibrate([...drawTexts(300, 3, 3), ...unknown], IDS, 1);
    expect(steps.map((step) => step.unknown)).toEqual([null, null, null]);
    expect(profiles).toBeNull();
  });

  // The largest logits of this author are those of a known one.
  it('tells an unknown author who resembles two value ids, and the more texts the better', () => {
    const random = seededRandom(5);
    const noise = (): number => 3 * (random() + random() + random() - 1.5);
    const makeText = (own: readonly number[], i: number, label: number): HeldOut => ({
      decisions: Float32Array.from(ALL, (id) => noise() + (own.includes(id) ? 2 : -2)),
      similarities: new Float32Array(IDS),
      label,
      columns: ALL,
      fold: i % 4,
      known: 1,
      source: `${i % 4} ${own.join()}`,
    });
    const known = Array.from({ length: 800 }, (_, i) => makeText([i % IDS], i >> 2, i % IDS));
    const unknown = Array.from({ length: 200 }, (_, i) => makeText([0, 1], i, -1));
    const calibration = calibrate([...known, ...unknown], IDS, 1);
    const area = (texts: number): number => {
      const odds = (label: number): number[] =>
        drawGroups(
          [...known, ...unknown].filter((text) => Math.min(text.label, 0) === label),
          texts,
          1,
          2,
        ).map((scores) => authorProbabilities(calibration, scores, 1, texts).unknown!);
      return rocArea(odds(-1), odds(0));
    };
    expect(area(1)).toBeGreaterThan(0.55);
    expect(area(10)).toBeGreaterThan(0.97);
  });
});

describe('fitSlope', () => {
  it('finds the log odds of two normal distributions, and finite ones for values with outliers', () => {
    const random = seededRandom(3);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const draw = (mean: number, deviation: number, count: number): number[] =>
      Array.from({ length: count }, () => mean + deviation * normal());
    // With means 1 and -1 and variance 1, the log odds of x are 2 x; the number of values has no influence.
    const line = fitSlope(draw(1, 1, 20_000), draw(-1, 1, 5_000));
    expect(line.slope).toBeCloseTo(2, 0);
    expect(line.bias).toBeCloseTo(0, 0);
    // Full Newton steps diverge on the outliers.
    const foreign = [...draw(0.5, 2, 160), ...draw(12, 6, 60)];
    const robust = fitSlope(foreign, draw(0, 1.5, 400));
    expect(robust.slope).toBeGreaterThan(0.2);
    expect(robust.slope).toBeLessThan(2);
  });
});

it('says nothing of unknown authors whose texts are more usual than those of known ones', () => {
  const makeTexts = (spread: number, label: number): HeldOut[] =>
    Array.from({ length: 40 }, (_, i) => ({
      decisions: Float32Array.from(ALL, (id) => (id === 0 ? 2 : -2) + spread * ((i % 5) - 2)),
      similarities: new Float32Array(IDS),
      label,
      columns: ALL,
      fold: 0,
      known: 1,
      source: `${label}`,
    }));
  const [own, foreign] = [makeTexts(1, 0), makeTexts(0, -1)];
  const profiles = meanProfiles(own, IDS);
  expect(fitUnknownOdds({ own, foreign, profilesFor: () => profiles })).toEqual({ distance: 0, logit: 0, bias: 0 });
});
