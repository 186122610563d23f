/**
 * Compares every code point with the Rust implementation. For each code point with its own properties, the vocabulary
 * has a token at the start and in the middle of a word, so any difference in category, case or decomposition changes
 * the ids. The others (unassigned, private use, Hangul syllables and the higher ideographs) become unknown words.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { WordPieceTokenizer } from '../../src/text/tokenizers/wordpiece.js';
import { findDifferences, jsonWithVocabulary, PeerTokenizer, type TokenizerJson } from '../support/peer-tokenizer.js';

const PER_TEXT = 64;

let folder: string;
let characters: string[];
let distinct: string[];
let json: TokenizerJson;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'univar-unicode-'));
  characters = Array.from({ length: 0x110000 }, (_, c) => c)
    .filter((c) => c < 0xd800 || c > 0xdfff)
    .map((c) => String.fromCodePoint(c));
  distinct = characters.filter((c) => !/[\p{Cn}\p{Co}\u{ac00}-\u{d7a3}\u{20000}-\u{3ffff}]/u.test(c));
  json = jsonWithVocabulary(distinct.flatMap((c) => [c, `##${c}`]));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function compare(change: object, texts: string[]): Promise<void> {
  const file = join(folder, 'tokenizer.json');
  const text = JSON.stringify({ ...json, ...change });
  writeFileSync(file, text);
  const ours = WordPieceTokenizer.fromFile(file);
  const different = await findDifferences(ours, new PeerTokenizer(text), texts);
  await ours.dispose();
  expect(different.map((entry) => entry.text)).toEqual([]);
}

/** Joins words to call the reference less often. */
function texts(of: string[], word: (c: string) => string): string[] {
  const words = of.map(word);
  return Array.from({ length: Math.ceil(words.length / PER_TEXT) }, (_, i) =>
    words.slice(i * PER_TEXT, (i + 1) * PER_TEXT).join('\n'),
  );
}

describe('every code point has the ids of the Rust implementation', () => {
  // Each property separately: cleaning, decomposition and marks, case after stripping; bare case; bare marks.
  it.each([
    { clean_text: true, handle_chinese_chars: true, strip_accents: true, lowercase: true },
    { clean_text: false, handle_chinese_chars: false, strip_accents: false, lowercase: true },
    { clean_text: false, handle_chinese_chars: false, strip_accents: true, lowercase: false },
  ])('inside a word, with %j', async (settings) => {
    await compare(
      { normalizer: { type: 'BertNormalizer', ...settings } },
      texts(characters, (c) => `a${c}b`),
    );
  });

  it('among combining characters', async () => {
    await compare(
      {},
      texts(distinct, (c) => `x\u0345${c}\u0334y\u302e${c}\u302f${c}\u3099`),
    );
  });

  it('next to an added token that must be a single word', async () => {
    // Not in the vocabulary, so that its id shows whether the added token was found.
    const added = {
      id: Object.keys(json.model.vocab).length,
      content: 'QQ',
      single_word: true,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: false,
    };
    await compare(
      { added_tokens: [added] },
      texts(characters, (c) => `QQ${c} ${c}QQ`),
    );
  });
});
