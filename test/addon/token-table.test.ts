import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { afterAll, describe, expect, it } from 'vitest';

import { formatQa } from '../../src/core/question-answer.js';
import type { QaRecord } from '../../src/records/record.js';
import { WordPieceTokenizer } from '../../src/text/tokenizers/wordpiece.js';
import { TokenTable } from '../../src/training/token-table.js';
import { BERT_FILE, unpack } from '../support/peer-tokenizer.js';

const tokenizer = WordPieceTokenizer.fromFile(BERT_FILE);
afterAll(() => tokenizer.dispose());

/** Real answers in several scripts, and ends and beginnings that could grow together across a newline. */
const AWKWARD = [
  '',
  ' ',
  'un',
  'able',
  '##able',
  '[SEP]',
  '[MASK]',
  'e\u0301',
  '\u0301e',
  '中',
  '文',
  '-',
  '.',
  '"',
  "don'",
  't',
  '\u200b',
  '\ufffd',
  'ᄀ',
  'ᅡ',
];
const fixture = fileURLToPath(new URL('../fixtures/tokenizer/answers.jsonl', import.meta.url));
const texts = [
  ...readFileSync(fixture, 'utf8')
    .trim()
    .split('\n')
    .map((line) => formatQa(JSON.parse(line) as QaRecord)),
  ...AWKWARD.flatMap((end) => [`${end} x`, `x ${end}`, end]),
];

async function tableOf(maxTokens: number): Promise<TokenTable> {
  const table = new TokenTable(tokenizer.before, tokenizer.after, maxTokens);
  for (let i = 0; i < texts.length; i += 7) table.append(await tokenizer.encode(texts.slice(i, i + 7), { maxTokens }));
  return table;
}

/** Every text beside every kind of neighbour. */
const views = texts.flatMap((_, i) => [
  [i],
  [i, (i * 7 + 3) % texts.length],
  [(i * 5 + 1) % texts.length, i, (i * 11 + 2) % texts.length],
]);
const joined = views.map((rows) => rows.map((row) => texts[row]).join('\n'));

describe('TokenTable', () => {
  it.each([8192, 64, 3])('packs views into the ids of the joined texts, cut at %i tokens', async (maxTokens) => {
    const table = await tableOf(maxTokens);
    expect(table.rows).toBe(texts.length);
    const packed = unpack(table.pack(views));
    const expected = unpack(await tokenizer.encode(joined, { maxTokens }));
    for (const [view, ids] of packed.entries()) expect(ids, JSON.stringify(joined[view])).toEqual(expected[view]);
  });

  it('keeps the ids of selected rows', async () => {
    const table = await tableOf(256);
    const rows = [5, 3, texts.length - 1, 0];
    expect(table.select(rows).pack([[0, 1], [2], [3]])).toEqual(table.pack([[5, 3], [texts.length - 1], [0]]));
  });
});
