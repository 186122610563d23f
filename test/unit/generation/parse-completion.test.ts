import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  parseList,
  parseSingle,
  parseTranslation,
  withoutReasoning,
} from '../../../src/generation/parse-completion.js';

const ITEMS = [
  'A person finds a wallet in a park.',
  'A person is asked to lie for a friend.',
  'Should they tell, or not?',
];

describe('parseList', () => {
  it.each([
    ['numbers', (item: string, i: number) => `${i + 1}. ${item}`],
    ['brackets', (item: string, i: number) => `${i + 1}) ${item}`],
    ['round brackets', (item: string, i: number) => `(${i + 1}) ${item}`],
    ['hyphens', (item: string) => `- ${item}`],
    ['stars', (item: string) => `* ${item}`],
    ['bullets', (item: string) => `• ${item}`],
    ['bold numbers', (item: string, i: number) => `**${i + 1}.** ${item}`],
    ['labels', (item: string, i: number) => `**Scenario ${i + 1}:** ${item}`],
    ['labels on their own lines', (item: string, i: number) => `### Scenario ${i + 1}\n\n${item}\n`],
    ['quotation marks', (item: string, i: number) => `${i + 1}. "${item}"`],
    ['bold items', (item: string, i: number) => `${i + 1}. **${item}**`],
    ['lines', (item: string) => item],
  ])('reads %s after an introduction', (_, format) => {
    const list = ITEMS.map(format).join('\n');
    expect(parseList(list)).toEqual(ITEMS);
    expect(parseList(`Sure! Here are three situations:\n\n${list}`)).toEqual(ITEMS);
  });

  it('leaves out a closing remark and joins the lines of an entry', () => {
    expect(parseList('1. One thing\n   that goes on\n2. Another\n\nLet me know if you need more!')).toEqual([
      'One thing that goes on',
      'Another',
    ]);
  });

  it.each([
    ['an array', JSON.stringify(ITEMS)],
    ['a fenced array', `\`\`\`json\n${JSON.stringify(ITEMS, null, 2)}\n\`\`\``],
    ['objects', JSON.stringify(ITEMS.map((scenario, id) => ({ id, scenario })))],
    ['reasoning before it', `<think>1. wrong\n2. wrong</think>\n1. ${ITEMS[0]!}\n2. ${ITEMS[1]!}\n3. ${ITEMS[2]!}`],
    ['Windows line ends', ITEMS.map((item, i) => `${i + 1}. ${item}`).join('\r\n')],
  ])('reads %s', (_, text) => {
    expect(parseList(text)).toEqual(ITEMS);
  });

  it('drops repeated and blank entries', () => {
    expect(parseList('1. Same\n2. Same\n3.\n4. ---\n5. Other')).toEqual(['Same', 'Other']);
    expect(parseList('')).toEqual([]);
    expect(parseList('<think>never ended')).toEqual([]);
  });

  it('keeps text that only looks like a marker', () => {
    expect(parseList('1. In 1984, a person bought 3.5 acres.\n2. Is "yes" better than "no"?')).toEqual([
      'In 1984, a person bought 3.5 acres.',
      'Is "yes" better than "no"?',
    ]);
  });

  it('keeps quotation marks that are not around the complete entry', () => {
    expect(parseList('1. "Yes" is not "no"\n2. “Sure” or “maybe”\n3. "Never"')).toEqual([
      '"Yes" is not "no"',
      '“Sure” or “maybe”',
      'Never',
    ]);
  });

  it('never fails, and returns single lines that are not blank', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '1.',
        '- ',
        '**',
        '```',
        '[',
        ']',
        '"',
        '\n',
        '<think>',
        '</think>',
        'Scenario 2:',
        '{"a":"b"}',
        ' ',
      ),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }).map((parts) => parts.join('')),
        (text) => {
          for (const entry of parseList(text)) {
            expect(entry).toMatch(/[\p{L}\p{N}]/u);
            expect(entry).not.toMatch(/[\n\r\u2028\u2029]/);
            expect(entry).toBe(entry.trim());
          }
          expect(typeof parseSingle(text)).toBe('string');
          expect(parseTranslation(text)).toBe(withoutReasoning(text).trim());
        },
      ),
      { numRuns: 500 },
    );
  });

  it('returns every numbered list of plain sentences', () => {
    const word = fc.stringMatching(/^[a-z]{2,9}$/);
    const sentence = fc.array(word, { minLength: 3, maxLength: 12 }).map((words) => `The ${words.join(' ')}.`);
    fc.assert(
      fc.property(fc.uniqueArray(sentence, { minLength: 1, maxLength: 12 }), (items) => {
        expect(parseList(items.map((item, i) => `${i + 1}. ${item}`).join('\n'))).toEqual(items);
      }),
    );
  });

  it('takes linear time for hostile input', () => {
    const long = 'x'.repeat(200_000);
    for (const text of [
      '*'.repeat(200_000),
      '1.'.repeat(100_000),
      '<think>'.repeat(50_000),
      ' '.repeat(200_000),
      `[${'"a",'.repeat(50_000)}`,
      `**${long}`,
    ]) {
      expect(parseList(text).length).toBeLessThan(3);
    }
  });
});

describe('parseSingle', () => {
  it.each([
    ['Should the person return it?', 'Should the person return it?'],
    ['"Should the person return it?"', 'Should the person return it?'],
    ['**Question:** Should the person return it?', 'Should the person return it?'],
    ['Here is a question:\n\nShould the person\nreturn it?', 'Should the person return it?'],
    ['```\nShould the person return it?\n```', 'Should the person return it?'],
    ['<think>Hm.</think>Should the person return it?', 'Should the person return it?'],
    ['“Yes” or “no”: should the person return it?', '“Yes” or “no”: should the person return it?'],
  ])('reads %j', (text, question) => {
    expect(parseSingle(text)).toBe(question);
  });
});
