import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import * as fc from 'fast-check';

export const SAMPLE = fileURLToPath(new URL('../fixtures/tokenizer/answers.jsonl', import.meta.url));

/** Returns questions and answers in 36 languages. */
export function sampleTexts(): string[] {
  const rows = readFileSync(SAMPLE, 'utf8').trimEnd().split('\n');
  return rows.flatMap((row) => Object.values(JSON.parse(row) as Record<string, string>));
}

/** Parts of texts that are hard for tokenizers. */
const fragment = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'Hello',
      'unbelievably',
      'the',
      'ΑΣ',
      'ΣΑΣ',
      'İstanbul',
      'ß',
      'ﬁ',
      'ǅ',
      'Ʞ',
      'Ꭰ',
      'café',
      'cafe\u0301',
      'naïve',
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ' ',
      '  ',
      '\n',
      '\t',
      '\r\n',
      '\u00a0',
      '\u2028',
      '\u3000',
      '\u0085',
      '\v',
      '\u200b',
      '\u200d',
      '\ufeff',
      '\0',
      '\ufffd',
      '\u00ad',
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '.',
      ',',
      '!',
      '…',
      '“',
      '$',
      '^',
      '`',
      '_',
      '-',
      '—',
      '¿',
      '\u2e52',
      '\u166d',
      '\u037e',
      '\u1fef',
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '\u0301',
      '\u0323',
      '\u0345',
      '\u0334',
      '\u302e',
      '\u302f',
      '\u3099',
      '\u0898',
      '\u1b44',
      '\u{1e944}',
      '\u{1d165}',
      '\u{16ff0}',
      '\u034f',
      '\u1dfb',
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '漢',
      '字',
      '豈',
      '\u{20000}',
      '\u{2f800}',
      'か',
      'が',
      'カ゛',
      '한국어',
      '각',
      'हिन्दी',
      'ไทย',
      'عَرَبِي',
      'ሰላም',
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom('[CLS]', '[SEP]', '[MASK]', '[UNK]', '[PAD]', '[MASK', 'MASK]', '[mask]', '##ing', '##'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '😀',
      '👩‍👩‍👧',
      '🇩🇪',
      '🏴\u{e0067}\u{e0062}\u{e007f}',
      '\u{10ffff}',
      '\ud83d',
      '\ude00',
      '\ue000',
    ),
  },
  { weight: 2, arbitrary: fc.integer({ min: 95, max: 105 }).map((n) => 'x'.repeat(n)) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);
/** Texts of such parts. */
export const awkwardText = fc.array(fragment, { maxLength: 14 }).map((parts) => parts.join(''));
