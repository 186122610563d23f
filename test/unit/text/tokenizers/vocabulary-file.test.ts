import { describe, expect, it } from 'vitest';

import type { WordPieceSettings } from '../../../../src/native/tokenizer.js';
import { Section } from '../../../../src/text/tokenizers/section.js';
import { parseVocabularyFile } from '../../../../src/text/tokenizers/vocabulary-file.js';

const LINES = '[PAD]\n[UNK]\n[CLS]\r\n[SEP]\nthe\n##s \n<s>\n';
const parse = (vocabulary: string, config?: object): WordPieceSettings =>
  parseVocabularyFile({
    path: 'vocab.txt',
    vocabulary,
    config: config && Section.parse(JSON.stringify(config), 'c.json'),
  });

describe('parseVocabularyFile', () => {
  it('takes the settings of BERT', () => {
    const settings = parse(LINES);
    expect([...settings.vocabulary]).toEqual([
      ['[PAD]', 0],
      ['[UNK]', 1],
      ['[CLS]', 2],
      ['[SEP]', 3],
      ['the', 4],
      ['##s', 5],
      ['<s>', 6],
    ]);
    expect(settings).toMatchObject({
      unknownId: 1,
      before: [2],
      after: [3],
      maxWordChars: 100,
      normalizer: { cleanText: true, handleChineseChars: true, stripAccents: true, lowercase: true },
    });
    expect(settings.addedTokens.map(({ content }) => content)).toEqual(['[UNK]', '[SEP]', '[PAD]', '[CLS]']);
  });

  it('takes what tokenizer_config.json says', () => {
    const content = {
      do_lower_case: false,
      tokenize_chinese_chars: false,
      strip_accents: null,
      cls_token: { content: '<s>', special: true },
    };
    expect(parse(LINES, content)).toMatchObject({
      before: [6],
      normalizer: { cleanText: true, handleChineseChars: false, stripAccents: false, lowercase: false },
    });
  });

  it('names what is missing or wrong', () => {
    const failure = (message: string): Error => expect.objectContaining({ code: 'ERR_DATA', message }) as Error;
    expect(() => parse('')).toThrow(failure('vocab.txt: the special token "[UNK]" is not in the vocabulary'));
    expect(() => parse(LINES, { do_lower_case: 'yes' })).toThrow(
      failure('c.json: expected true or false for "do_lower_case", got "yes"'),
    );
    expect(() => parse(LINES, { sep_token: 5 })).toThrow(failure('c.json: expected an object for "sep_token", got 5'));
  });
});
