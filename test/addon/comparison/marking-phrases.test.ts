import { describe, expect, it } from 'vitest';

import { markingPhrases } from '../../../src/comparison/marking-phrases.js';
import { type AnswerSide, pairAnswers } from '../../../src/comparison/paired-answers.js';
import { countPhrases } from '../../../src/comparison/phrase-counts.js';
import { record } from '../../support/comparison-scene.js';

const phrasesOf = (a: string[], b: string[], phrases = 5) => {
  const side = (name: string, answers: string[]): AnswerSide => ({
    name,
    records: answers.map((answer, i) => record(name, `q${String(i).padStart(3, '0')}`, answer)),
    embeddings: new Float32Array(answers.length),
  });
  return markingPhrases(pairAnswers([side('a', a), side('b', b)], { dim: 1, within: undefined }), {
    phrases,
    signal: undefined,
  });
};

const topic = (i: number): string => `We speak of thing ${i} and the usual matters.`;
const texts = (write: (i: number) => string, count = 60): string[] => Array.from({ length: count }, (_, i) => write(i));

describe('phrases that mark a side', () => {
  it('are counted by answers, without repetitions of a phrase', async () => {
    const a = texts((i) => (i < 40 ? `As an AI, I cannot judge. ${topic(i)} As an AI.` : topic(i)));
    const b = texts((i) => (i < 30 ? `${topic(i)}\n\nHowever, it depends.` : topic(i)));
    const [ofA, ofB] = await phrasesOf(a, b, 10);
    expect(ofA[0]).toMatchObject({ answers: [40, 0], example: { qid: 'q000' } });
    expect(ofA.every(({ z, answers }) => z > 3 && answers[0] === 40)).toBe(true);
    // "as an ai", "an ai", "ai," and "as" are one phrase.
    expect(ofA.map(({ phrase }) => phrase).filter((phrase) => /\b(as|an|ai)\b/.test(phrase))).toEqual(['as an ai']);
    const [{ phrase, example }] = ofB as [(typeof ofB)[0]];
    expect(phrase).toMatch(/however|it depends|\n\n/);
    expect(b[0]).toContain(example.before.replace('…', '') + example.match);
  });

  it('keep a word that occurs without the longer phrase as well', async () => {
    const [ofA] = await phrasesOf(
      texts((i) => (i % 4 === 0 ? 'never ever lie' : `never ${i}`), 200),
      texts((i) => `perhaps ${i}`, 200),
    );
    expect(ofA.map(({ phrase }) => phrase)).toEqual(['never', 'never ever lie']);
  });

  it('are characters in scripts without spaces, and lower case of any script', async () => {
    const [ofA, ofB] = await phrasesOf(
      texts((i) => `我们认为第${i}件事很重要。`),
      texts((i) => `ΟΔΟΣ İSTANBUL ${Array.from({ length: 12 }, (_, n) => 100 * i + n).join(' ')}`),
      1,
    );
    expect(ofA[0]!.phrase).toMatch(/^[我们认为第件事很重要。]{1,3}$/u);
    expect(ofB[0]!.phrase).toMatch(/οδοσ|istanbul/);
  });

  it('are none if both sides say the same, or if too few answers say it', async () => {
    expect(await phrasesOf(texts(topic), texts(topic))).toEqual([[], []]);
    expect(
      await phrasesOf(
        texts((i) => (i < 4 ? 'unheard of' : topic(i))),
        texts(topic),
      ),
    ).toEqual([[], []]);
  });

  it('count rare phrases for the totals only', async () => {
    const { ids, totals, answers } = await countPhrases([['a b', 'a b c'], ['a']], {
      minAnswers: 3,
      signal: undefined,
    });
    // "a", "b", "a b"; and with "c": "c", "b c", "a b c".
    expect({ totals, kept: ids.length, answers }).toEqual({ totals: [9, 1], kept: 1, answers: [[2], [1]] });
  });
});
