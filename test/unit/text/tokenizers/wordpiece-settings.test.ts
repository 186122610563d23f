import { describe, expect, it } from 'vitest';

import type { WordPieceSettings } from '../../../../src/native/tokenizer.js';
import { Section } from '../../../../src/text/tokenizers/section.js';
import { readWordPieceSettings } from '../../../../src/text/tokenizers/wordpiece-settings.js';
import { addedToken } from '../../../support/tiny-encoder.js';

/** Returns a small tokenizer.json with parts replaced. */
function json(change: Record<string, unknown> = {}): string {
  return JSON.stringify({
    version: '1.0',
    truncation: { max_length: 3 },
    padding: { strategy: { Fixed: 7 } },
    added_tokens: [
      addedToken('[UNK]', 0),
      addedToken('[CLS]', 1),
      addedToken('[SEP]', 2),
      addedToken('new', 4, { normalized: true, special: false, lstrip: true }),
    ],
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: false,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', 2], cls: ['[CLS]', 1] },
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: { '[UNK]': 0, '[CLS]': 1, '[SEP]': 2, a: 3 },
    },
    ...change,
  });
}

const model = (change: object): { model: object } => ({
  model: { ...(JSON.parse(json()) as { model: object }).model, ...change },
});
const normalizer = (change: object): { normalizer: object } => ({
  normalizer: { ...(JSON.parse(json()) as { normalizer: object }).normalizer, ...change },
});
const template = (single: unknown, ids: unknown = [1]): Record<string, unknown> => ({
  post_processor: {
    type: 'TemplateProcessing',
    single,
    pair: [],
    special_tokens: { '[CLS]': { id: '[CLS]', ids, tokens: ['[CLS]'] } },
  },
});
const A = { Sequence: { id: 'A', type_id: 0 } };
const CLS = { SpecialToken: { id: '[CLS]', type_id: 0 } };

const read = (text: string): ReturnType<typeof readWordPieceSettings> =>
  readWordPieceSettings({ path: 't.json', json: Section.parse(text, 't.json') });

function parse(change?: Record<string, unknown>): WordPieceSettings {
  const settings = read(json(change));
  if ('unsupported' in settings) throw new Error(settings.unsupported);
  return settings;
}

describe('readWordPieceSettings', () => {
  it('reads every setting that decides ids', () => {
    expect(parse()).toEqual({
      vocabulary: new Map([
        ['[UNK]', 0],
        ['[CLS]', 1],
        ['[SEP]', 2],
        ['a', 3],
      ]),
      unknownId: 0,
      continuingSubwordPrefix: '##',
      maxWordChars: 100,
      normalizer: { cleanText: true, handleChineseChars: false, stripAccents: true, lowercase: true },
      addedTokens: [
        ...['[UNK]', '[CLS]', '[SEP]'].map((content, id) => ({
          content,
          id,
          singleWord: false,
          lstrip: false,
          rstrip: false,
          normalized: false,
          special: true,
        })),
        { content: 'new', id: 4, singleWord: false, lstrip: true, rstrip: false, normalized: true, special: false },
      ],
      before: [1],
      after: [2],
    });
  });

  it('strips accents as it lowers case, unless told', () => {
    expect(parse(normalizer({ lowercase: false })).normalizer.stripAccents).toBe(false);
    expect(parse(normalizer({ lowercase: false, strip_accents: true })).normalizer.stripAccents).toBe(true);
    expect(parse(normalizer({ strip_accents: false })).normalizer.stripAccents).toBe(false);
    expect(parse({ normalizer: null }).normalizer).toEqual({
      cleanText: false,
      handleChineseChars: false,
      stripAccents: false,
      lowercase: false,
    });
  });

  it('reads templates', () => {
    expect(parse(template([CLS, A, CLS, CLS], [1, 2]))).toMatchObject({ before: [1, 2], after: [1, 2, 1, 2] });
    expect(parse({ post_processor: null })).toMatchObject({ before: [], after: [] });
  });

  it.each([
    [{ version: '2.0' }, 'version "2.0"'],
    [model({ type: 'BPE' }), 'model.type "BPE"'],
    [{ normalizer: { type: 'Sequence', normalizers: [] } }, 'normalizer.type "Sequence"'],
    [{ pre_tokenizer: { type: 'Whitespace' } }, 'pre_tokenizer.type "Whitespace"'],
    [{ pre_tokenizer: null }, 'a missing pre_tokenizer'],
    [{ post_processor: { type: 'RobertaProcessing' } }, 'post_processor.type "RobertaProcessing"'],
    [template([CLS]), 'post_processor.single with sequences []'],
    [template([A, A]), 'post_processor.single with sequences [A, A]'],
    [template([{ Sequence: { id: 'B' } }]), 'post_processor.single with sequences [B]'],
  ])('reports unsupported settings: %j', (change, unsupported) => {
    expect(read(json(change as Record<string, unknown>))).toEqual({ unsupported });
  });

  it.each([
    [
      model({ vocab: { '[UNK]': 0, a: -1 } }),
      't.json: expected an integer from 0 to 2147483647 for "model.vocab.a", got -1',
    ],
    [model({ vocab: { a: 0 } }), 't.json: expected a token of the vocabulary for "model.unk_token", got "[UNK]"'],
    [model({ vocab: [] }), 't.json: expected an object for "model.vocab", got an array of length 0'],
    [
      model({ max_input_chars_per_word: '7' }),
      't.json: expected an integer from 0 to 9007199254740991 for "model.max_input_chars_per_word", got "7"',
    ],
    [
      model({ continuing_subword_prefix: null }),
      't.json: expected a string for "model.continuing_subword_prefix", got null',
    ],
    [normalizer({ clean_text: 1 }), 't.json: expected true or false for "normalizer.clean_text", got 1'],
    [normalizer({ strip_accents: 'no' }), 't.json: expected true or false for "normalizer.strip_accents", got "no"'],
    [{ added_tokens: {} }, 't.json: expected an array for "added_tokens", got an object of class Object'],
    [
      { added_tokens: [addedToken('[CLS]', 7)] },
      't.json: expected 1, the id of "[CLS]" in this vocabulary, for "added_tokens[0].id", got 7',
    ],
    [
      { added_tokens: [addedToken('[CLS]', 1, { lstrip: undefined })] },
      't.json: expected true or false for "added_tokens[0].lstrip", got undefined',
    ],
    [
      { post_processor: { type: 'BertProcessing', sep: ['[SEP]', 2], cls: 1 } },
      't.json: expected a pair [token, id] for "post_processor.cls", got 1',
    ],
    [
      template([{ SpecialToken: { id: '[X]' } }, A]),
      't.json: expected an object for "post_processor.special_tokens.[X]", got undefined',
    ],
    [
      template([CLS, A], [0.5]),
      't.json: expected integers from 0 to 2147483647 for "post_processor.special_tokens.[CLS].ids", ' +
        'got an array of length 1',
    ],
  ])('reports file and place of damage: %j', (change, message) => {
    expect(() => read(json(change as Record<string, unknown>))).toThrow(
      expect.objectContaining({ code: 'ERR_DATA', message }) as Error,
    );
  });

  it('rejects values that are not JSON objects', () => {
    for (const text of ['', '{', '[]', '7', 'null', '"text"']) {
      expect(() => read(text)).toThrow(
        expect.objectContaining({ code: 'ERR_DATA', message: expect.stringContaining('t.json') as string }) as Error,
      );
    }
  });
});
