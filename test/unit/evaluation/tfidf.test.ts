import { describe, expect, it } from 'vitest';

import { evaluateTfidf } from '../../../src/evaluation/tfidf.js';
import { seededRandom } from '../../support/random.js';

const WORDS = ['we', 'must', 'respect', 'law', 'freedom', 'order', 'people', 'choose', 'duty', 'family', 'nature'];

/** Three "models", each with words that it prefers. */
function answers(rows: number): { texts: string[]; labels: string[]; groups: string[] } {
  const random = seededRandom(5);
  const word = (label: number): string =>
    random() < 0.35 ? WORDS[label * 3 + Math.floor(random() * 3)]! : WORDS[Math.floor(random() * WORDS.length)]!;
  return {
    texts: Array.from({ length: rows }, (_, row) =>
      Array.from({ length: 4 + (row % 9) }, () => word(row % 3)).join(' '),
    ),
    labels: Array.from({ length: rows }, (_, row) => `m${row % 3}`),
    groups: Array.from({ length: rows }, (_, row) => `q${Math.floor(row / 3)}`),
  };
}

/** Terms without hashing. */
function terms(text: string): string[] {
  const words = text.split(' ');
  return [...words, ...words.slice(1).map((word, i) => `${words[i]!} ${word}`)];
}

/** Predicts from dense vectors over the true terms. */
function reference(texts: string[], labels: string[], train: number[], test: number[], k: number): string[] {
  const vocabulary = [...new Set(train.flatMap((row) => terms(texts[row]!)))];
  const idf = vocabulary.map((term) => {
    const documents = train.filter((row) => terms(texts[row]!).includes(term)).length;
    return Math.log((1 + train.length) / (1 + documents)) + 1;
  });
  const vector = (row: number): number[] => {
    const own = terms(texts[row]!);
    const weights = vocabulary.map((term, i) => {
      const count = own.filter((other) => other === term).length;
      return count === 0 ? 0 : (1 + Math.log(count)) * idf[i]!;
    });
    const norm = Math.hypot(...weights);
    return weights.map((weight) => weight / norm);
  };
  const base = train.map(vector);
  const names = [...new Set(labels)].sort();
  return test.map((row) => {
    const query = vector(row);
    const nearest = base
      .map((other, i) => ({ label: labels[train[i]!]!, score: other.reduce((sum, x, j) => sum + x * query[j]!, 0) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, k);
    const votes = names.map((name) => nearest.filter(({ label }) => label === name).length);
    return names[votes.indexOf(Math.max(...votes))]!;
  });
}

describe('evaluateTfidf', () => {
  const data = answers(150);
  const train = Array.from({ length: 111 }, (_, i) => i);
  const test = Array.from({ length: 39 }, (_, i) => 111 + i);
  const split = { train: Int32Array.from(train), test: Int32Array.from(test) };

  it('agrees with dense vectors of unhashed terms', async () => {
    const result = await evaluateTfidf(data, { split, k: 7, sweep: [1, 3, 30] });
    for (const { k, accuracy } of result.sweep) {
      const predicted = reference(data.texts, data.labels, train, test, k);
      expect(accuracy).toBeCloseTo(predicted.filter((label, i) => label === data.labels[test[i]!]).length / 39, 12);
    }
    expect(result.accuracy).toBeGreaterThan(0.45);
  });

  it('handles empty texts and words that are not in the training rows', async () => {
    const texts = data.texts.map((text, row) => (row === 3 || row === 120 ? '' : row === 121 ? 'zzz' : text));
    const result = await evaluateTfidf({ ...data, texts }, { split, k: 7 });
    expect(Number.isFinite(result.accuracy)).toBe(true);
  });

  it('rejects texts that do not match the labels, and stops when aborted', async () => {
    await expect(evaluateTfidf({ ...data, texts: data.texts.slice(1) })).rejects.toMatchObject({
      code: 'ERR_SHAPE_MISMATCH',
    });
    await expect(evaluateTfidf(data, { split, k: 200 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(evaluateTfidf(data, { split, k: 7, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});
