import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { answerFaults, isRefusal, isRepetitive } from '../../../src/generation/answer-faults.js';
import { languageCheck } from '../../../src/generation/language-check.js';
import { readLanguageTables } from '../../../src/generation/project-files.js';
import { RECORDED_ANSWERS } from '../../support/replay-server.js';

const isLanguage = await languageCheck(await readLanguageTables([]));

describe('isRefusal', () => {
  it.each([
    "I'm sorry, but I can't help with that.",
    'I cannot provide an opinion on this.',
    'I can’t assist with that request.',
    'As an AI language model, I do not have personal opinions.',
    'Unfortunately, I am not able to answer this.',
    'I must decline to answer.',
  ])('recognises %j', (text) => {
    expect(isRefusal(text)).toBe(true);
  });

  it.each([
    'Yes, the person should tell the truth.',
    'I can see both sides, but sorry is the hardest word.',
    'The person cannot help everyone, and should say so.',
    'I am sorry to hear that. You should talk to her.',
    'As an adult, one cannot always be honest.',
  ])('lets %j pass', (text) => {
    expect(isRefusal(text)).toBe(false);
  });
});

describe('languageCheck', () => {
  it('accepts recorded answers in their language, and rejects them in the other', () => {
    for (const { lang, answer } of RECORDED_ANSWERS) {
      expect({ answer, right: isLanguage(answer, lang) }).toEqual({ answer, right: true });
      expect({ answer, wrong: isLanguage(answer, lang === 'eng' ? 'spa' : 'eng') }).toEqual({ answer, wrong: false });
    }
  });

  it('distinguishes answers in many scripts', () => {
    const lines = readFileSync(new URL('../../fixtures/answers-small.jsonl', import.meta.url), 'utf8')
      .trimEnd()
      .split('\n');
    const answers = lines
      .map((line) => JSON.parse(line) as { lang: string; answer: string })
      .filter(({ lang }) => ['eng', 'fin', 'zho', 'hin', 'jpn', 'tha', 'fra'].includes(lang));
    const right = answers.filter(({ lang, answer }) => isLanguage(answer, lang)).length;
    expect(right / answers.length).toBeGreaterThan(0.95);
    for (const { lang, answer } of answers)
      if (lang !== 'hin' && answer.length > 100) expect(isLanguage(answer, 'hin')).toBe(false);
  });

  it.each([
    ['Sí.', 'eng', true],
    ['', 'zho', true],
    ['12,345 + 67,890 = 80,235 (x + y)', 'spa', true],
    ['Saya tidak akan melakukan itu karena salah dan akan menyakiti orang lain.', 'ind', true],
    ['I would not do that, because it would hurt other people in the end.', 'ind', false],
    ['I would not do that, because it would hurt other people in the end.', 'swh', false],
    ['I would not do that, because it would hurt other people in the end.', 'hat', false],
    ['Sitafanya hivyo kwa sababu ni makosa na itawaumiza watu wengine.', 'swh', true],
    ['Я бы так не делал, потому что это неправильно.', 'bul', false],
    ['この質問には答えられません。', 'zho', false],
  ])('%j as %s: %s', (text, language, right) => {
    expect(isLanguage(text, language)).toBe(right);
  });
});

describe('answerFaults', () => {
  it('lists the faults, the worst first', () => {
    expect(answerFaults(' \n', 'stop', 'eng', isLanguage)).toEqual(['empty']);
    expect(answerFaults('...', 'stop', 'eng', isLanguage)).toEqual(['empty']);
    expect(answerFaults('A fine answer in plain English, as it was asked for.', 'length', 'eng', isLanguage)).toEqual([
      'truncated',
    ]);
    expect(answerFaults('The same sentence again and again. '.repeat(30), 'length', 'spa', isLanguage)).toEqual([
      'wrong-language',
      'repetitive',
      'truncated',
    ]);
  });

  it('finds a text that repeats itself, and accepts a long one that does not', () => {
    expect(isRepetitive('no '.repeat(200))).toBe(true);
    expect(
      isRepetitive(
        Array.from({ length: 200 }, (_, i) => `Reason ${i * 7919} speaks for word ${i * 104729}.`).join(' '),
      ),
    ).toBe(false);
    expect(isRepetitive('short')).toBe(false);
  });
});
