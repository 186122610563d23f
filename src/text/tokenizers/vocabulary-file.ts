/**
 * Settings of a BERT model that comes as vocab.txt (one token a line, the line number is its id), with the few settings
 * that a tokenizer_config.json beside it may change.
 */
import { EngineError } from '../../core/errors.js';
import type { AddedTokenSettings, WordPieceSettings } from '../../native/tokenizer.js';
import type { VocabularyText } from './tokenizer-file.js';

/**
 * Of tokenizer_config.json are read: `do_lower_case`, `strip_accents`, `tokenize_chinese_chars` and the names of the
 * special tokens. Default: those of BERT, lower case.
 *
 * @throws EngineError `ERR_DATA`
 */
export function parseVocabularyFile({ path, vocabulary: text, config }: VocabularyText): WordPieceSettings {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const vocabulary = new Map<string, number>();
  for (const [id, line] of lines.entries()) vocabulary.set(line.trimEnd(), id);

  const flag = (key: string, otherwise: boolean): boolean => {
    const value = config?.value(key);
    return value === undefined || value === null ? otherwise : config!.boolean(key);
  };
  const special = (key: string, otherwise: string): string => {
    const value = config?.value(key);
    if (value === undefined || value === null) return otherwise;
    return typeof value === 'string' ? value : config!.section(key).string('content');
  };
  const idOf = (token: string): number => {
    const id = vocabulary.get(token);
    if (id === undefined)
      throw new EngineError('ERR_DATA', `${path}: the special token ${JSON.stringify(token)} is not in the vocabulary`);
    return id;
  };

  const unknown = special('unk_token', '[UNK]');
  const cls = special('cls_token', '[CLS]');
  const sep = special('sep_token', '[SEP]');
  const specials = [unknown, sep, special('pad_token', '[PAD]'), cls, special('mask_token', '[MASK]')];
  const lowercase = flag('do_lower_case', true);
  return {
    vocabulary,
    unknownId: idOf(unknown),
    continuingSubwordPrefix: '##',
    maxWordChars: 100,
    normalizer: {
      cleanText: true,
      handleChineseChars: flag('tokenize_chinese_chars', true),
      stripAccents: flag('strip_accents', lowercase),
      lowercase,
    },
    addedTokens: [...new Set(specials)]
      .filter((token) => vocabulary.has(token))
      .map((token) => specialToken(token, idOf(token))),
    before: [idOf(cls)],
    after: [idOf(sep)],
  };
}

function specialToken(content: string, id: number): AddedTokenSettings {
  return { content, id, singleWord: false, lstrip: false, rstrip: false, normalized: false, special: true };
}
