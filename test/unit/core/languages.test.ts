import { describe, expect, it } from 'vitest';

import { LANGUAGE_NAMES } from '../../../src/core/language-names.js';
import { DatasetLanguages, normaliseLanguage, suggestLanguage } from '../../../src/core/languages.js';

describe('normaliseLanguage', () => {
  it.each([
    ['eng', ['en', 'EN', 'eng', 'ENG', 'en-US', 'en_GB', 'eng_Latn', 'English', 'ENGLISH', 'British English']],
    ['deu', ['de', 'ger', 'German', 'Deutsch', 'de-AT']],
    ['zho', ['zh', 'chi', 'zh-CN', 'zh-Hans', 'zho_Hans', 'zh_Hans_SG', '中文']],
    ['zho-Hant', ['zh-TW', 'zho_Hant', 'zh-Hant-HK', 'Traditional Chinese']],
    ['srp-Latn', ['sr-Latn']],
    ['heb', ['iw', 'he', 'Hebrew']],
    ['fra', ['franc\u0327ais', 'français', 'fr-419']],
    ['slv-rozaj', ['sl-rozaj', 'sl-IT-rozaj']],
    ['qab', ['qab']], // private, or one of the thousands of codes without a name here
    ['cmn', ['cmn', 'Mandarin']],
    ['x-pirate', ['x-pirate']],
  ])('gives %s for %j', (code, texts) => {
    expect(texts.map(normaliseLanguage)).toEqual(texts.map(() => code));
  });

  it.each(['', 'xx', 'q1', 'English?', 'Englsh', 'b$c', '../..', 'en-', 'en--US', ' eng', 'x-', 'eng-us-us-us', '12'])(
    'knows no language %j',
    (text) => expect(normaliseLanguage(text)).toBeUndefined(),
  );

  it('knows every name once', () => {
    const names = LANGUAGE_NAMES.trim()
      .split('\n')
      .flatMap((line) => line.slice(line.indexOf(' ') + 1).split(', '))
      .map((name) => name.toLowerCase());
    expect(names.filter((name, i) => names.indexOf(name) < i)).toEqual([]);
  });
});

it.each([
  ['Englsh', 'eng (English)'],
  ['Chinese (Traditional)', 'zho-Hant (Traditional Chinese)'],
  ['english language', 'eng (English)'],
  ['jp', 'jpn (Japanese)'],
  ['us', 'eng (English)'],
  ['xx', undefined],
  ['persona 3', undefined],
  ['q1', undefined],
])('suggests for %j: %j', (text, code) => expect(suggestLanguage(text)).toBe(code));

describe('DatasetLanguages', () => {
  it('keeps the spellings of a dataset and gives them to other spellings', () => {
    const languages = new DatasetLanguages(['English', 'de', 'deu', 'persona 1', '']);
    const spell = (text: string) => languages.spell(text);
    expect(['English', 'en', 'eng', 'EN-us'].map(spell)).toEqual(['English', 'English', 'English', 'English']);
    expect(['de', 'deu', 'German', 'fr'].map(spell)).toEqual(['de', 'deu', 'deu', 'fra']);
    expect(['persona 1', 'persona 2'].map(spell)).toEqual(['persona 1', undefined]);
  });
});
