import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { refusePanics } from '../../../../src/text/tokenizers/panics.js';
import { Section } from '../../../../src/text/tokenizers/section.js';
import { WordPieceTokenizer } from '../../../../src/text/tokenizers/wordpiece.js';
import { awkwardText, sampleTexts } from '../../../support/awkward-texts.js';
import {
  BERT_FILE,
  findDifferences,
  jsonWithVocabulary,
  PeerTokenizer,
  type TokenizerJson,
} from '../../../support/peer-tokenizer.js';

let folder: string;
let bert: WordPieceTokenizer;
let peer: PeerTokenizer;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'univar-tokenizer-'));
  bert = WordPieceTokenizer.fromFile(BERT_FILE);
  peer = new PeerTokenizer(readFileSync(BERT_FILE, 'utf8'));
});

afterAll(async () => {
  await bert.dispose();
  rmSync(folder, { recursive: true });
});

/** Loads one tokenizer.json by both implementations. */
function both(json: TokenizerJson): [WordPieceTokenizer, PeerTokenizer] {
  const path = join(folder, `${Math.random()}.json`);
  const text = JSON.stringify(json);
  writeFileSync(path, text);
  return [WordPieceTokenizer.fromFile(path), new PeerTokenizer(text)];
}

/** Returns whether the Rust implementation accepts the added tokens. The normalizer removes none of those used here. */
function isSafe(added: readonly object[]): boolean {
  try {
    refusePanics(Section.parse(JSON.stringify({ added_tokens: added }), ''), (text) => text);
    return true;
  } catch {
    return false;
  }
}

async function expectAgreement(ours: WordPieceTokenizer, theirs: PeerTokenizer, numRuns: number): Promise<void> {
  const property = fc.asyncProperty(fc.array(awkwardText, { minLength: 30, maxLength: 30 }), async (texts) => {
    expect(await findDifferences(ours, theirs, texts)).toEqual([]);
  });
  await fc.assert(property, { numRuns });
}

describe('WordPieceTokenizer and the Rust implementation', () => {
  it('agree on answers in 36 languages', async () => {
    expect(await findDifferences(bert, peer, sampleTexts())).toEqual([]);
  });

  it('agree on fuzzed texts', async () => {
    await expectAgreement(bert, peer, 60);
  });

  it.each([2, 3, 8, 100])('agree when %i tokens are allowed', async (maxTokens) => {
    expect(
      await findDifferences(
        bert,
        peer,
        ['', 'a', '[MASK] unbelievably long text', ...sampleTexts().slice(0, 60)],
        maxTokens,
      ),
    ).toEqual([]);
  });

  // With a token for every character of the fuzzed texts, every difference of normalisation shows in the ids.
  const characters = fc
    .sample(awkwardText, { numRuns: 2000, seed: 1 })
    .flatMap((text) => Array.from(text.toLowerCase().normalize('NFD') + text));
  const vocabulary = [...new Set(characters)].filter((c) => !/\p{Cs}/u.test(c)).flatMap((c) => [c, `##${c}`]);

  it.each([
    { clean_text: false },
    { handle_chinese_chars: false },
    { lowercase: false },
    { strip_accents: false },
    { lowercase: false, strip_accents: true, clean_text: false },
    { lowercase: true, strip_accents: false, clean_text: false, handle_chinese_chars: false },
    null,
  ])('agree with the normalizer %j', async (normalizer) => {
    const json = jsonWithVocabulary(vocabulary);
    json.normalizer = normalizer && { ...json.normalizer, ...normalizer };
    const [ours, theirs] = both(json);
    await expectAgreement(ours, theirs, 15);
    await ours.dispose();
  });

  it('agree on added tokens with every combination of flags', async () => {
    const json = jsonWithVocabulary(vocabulary);
    const contents = [
      'Hello',
      '[MASK]',
      'ΑΣ',
      ' the',
      'the ',
      '漢字',
      'e\u0301',
      '😀',
      '[M',
      'x',
      ' ',
      'İ',
      '\u{20000}a',
      '-',
    ];
    const flags = fc.record({
      single_word: fc.boolean(),
      lstrip: fc.boolean(),
      rstrip: fc.boolean(),
      normalized: fc.boolean(),
      special: fc.boolean(),
    });
    const tokens = fc.tuple(
      fc.uniqueArray(fc.constantFrom(...contents), { minLength: 1, maxLength: 6 }),
      fc.array(flags, { minLength: 6, maxLength: 6 }),
    );
    const property = async (
      [chosen, options]: [
        string[],
        { [K in 'single_word' | 'lstrip' | 'rstrip' | 'normalized' | 'special']: boolean }[],
      ],
      texts: string[],
    ): Promise<void> => {
      let next = Object.keys(json.model.vocab).length;
      const added = chosen.map((content, i) => ({ ...options[i]!, content, id: json.model.vocab[content] ?? next++ }));
      // The reference refuses two tokens of one normalised form.
      fc.pre(
        new Set(
          added.map(({ content }) =>
            content
              .toLowerCase()
              .normalize('NFD')
              .replace(/\p{Mn}/gu, ''),
          ),
        ).size === added.length,
      );
      // The reference panics on some, which ends the process.
      fc.pre(isSafe(added));
      const [ours, theirs] = both({ ...json, added_tokens: added });
      const spiced = texts.map((text, i) => text + chosen[i % chosen.length]! + (i % 3 === 0 ? ' ' : 'y') + text);
      expect(await findDifferences(ours, theirs, spiced)).toEqual([]);
      await ours.dispose();
    };
    await fc.assert(fc.asyncProperty(tokens, fc.array(awkwardText, { minLength: 10, maxLength: 10 }), property), {
      numRuns: 12,
    });
  });

  it('agree on other model settings', async () => {
    const json = jsonWithVocabulary(['ab', 'cd', '_c', '_d', 'a', 'b', 'bc']);
    json.model['continuing_subword_prefix'] = '_';
    json.model['max_input_chars_per_word'] = 4;
    const texts = ['abcd abc ab', 'abcdd', 'äbcdd', '한국', 'bcd d'];
    expect(await findDifferences(...both(json), texts)).toEqual([]);
    json.model['continuing_subword_prefix'] = '';
    json.post_processor = { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] };
    expect(await findDifferences(...both(json), texts)).toEqual([]);
    json.model['continuing_subword_prefix'] = '@@';
    json.model['max_input_chars_per_word'] = 0;
    json.post_processor = null;
    expect(await findDifferences(...both(json), texts)).toEqual([]);
  });
});
