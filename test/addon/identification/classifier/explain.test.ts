import { describe, expect, it, onTestFinished } from 'vitest';
import { UNCALIBRATED } from '../../../../src/identification/classifier/calibration.js';
import { explainClassification } from '../../../../src/identification/classifier/explain.js';
import { trainClassifier } from '../../../../src/identification/classifier/train-classifier.js';
import { ValueClassifier } from '../../../../src/identification/classifier/value-classifier.js';
import { seededRandom } from '../../../support/random.js';

const CATCH_PHRASE = 'mark my words';

/** Trains on answers of common words. Only those of `a$eng` contain the catch phrase. */
async function trained(): Promise<ValueClassifier> {
  const random = seededRandom(1);
  const common = (): string => `word${Math.floor(random() * 20)}`;
  const names = ['a$eng', 'b$eng'];
  const labels = Int32Array.from({ length: 60 }, (_, i) => i % 2);
  const texts = Array.from(labels, (label) => {
    const words = Array.from({ length: 8 }, common);
    if (label === 0) words.splice(4, 0, CATCH_PHRASE);
    return words.join(' ');
  });
  const read = (rows: Int32Array): string[][] => [Array.from(rows, (row) => texts[row]!)];
  const weights = await trainClassifier({ names, labels, read }, { maxAnswers: 60, seed: 1 });
  const data = { ...weights, centroids: new Float32Array(2), dim: 1, calibration: UNCALIBRATED };
  const classifier = await ValueClassifier.create(data);
  onTestFinished(() => classifier.dispose());
  return classifier;
}

describe('explainClassification', () => {
  it('finds the phrase that decides, for and against, and measures its effect', async () => {
    const classifier = await trained();
    const text = `word1 word2, ${CATCH_PHRASE}\n\nword3`;
    const supporting = await explainClassification(classifier, text, 'a$eng');
    const [strongest] = supporting.for;
    expect(strongest!.text).toContain(CATCH_PHRASE);
    expect(text.slice(strongest!.start, strongest!.end)).toBe(strongest!.text);
    const opposing = await explainClassification(classifier, text, 'b$eng');
    expect(opposing.against[0]!.text).toContain(CATCH_PHRASE);
    // The effect is the difference of two decision values.
    const rest = text.slice(0, strongest!.start).trimEnd() + text.slice(strongest!.end);
    const { decisions } = await classifier.decide([text, rest]);
    expect(strongest!.effect).toBeCloseTo(decisions[0]![0]! - decisions[1]![0]!, 1);
    expect(strongest!.effect).toBeGreaterThan(5 * Math.abs(supporting.for[1]?.effect ?? 0));
  });

  it('explains texts without tokens and texts longer than what is read, and refuses unknown value ids', async () => {
    const classifier = await trained();
    expect(await explainClassification(classifier, ' ', 'a$eng')).toEqual({ valueId: 'a$eng', for: [], against: [] });
    const long = `${'word1 '.repeat(400)}${CATCH_PHRASE}`;
    const explanation = await explainClassification(classifier, long, 'a$eng');
    expect([...explanation.for, ...explanation.against].every(({ end }) => end <= 400 * 6)).toBe(true);
    await expect(explainClassification(classifier, 'a', 'c$eng')).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
  });
});
