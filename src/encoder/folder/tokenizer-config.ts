import type { WordPieceSettings } from '../../native/tokenizer.js';

const SPECIAL_TOKENS = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};

/**
 * tokenizer_config.json and special_tokens_map.json of a WordPiece tokenizer. transformers lets the former overrule the
 * normalizer of tokenizer.json, and takes lower case if it says nothing.
 */
export function describeWordPiece(
  { vocabulary, normalizer }: WordPieceSettings,
  maxTokens: number,
): Record<string, unknown> {
  const special = Object.fromEntries(Object.entries(SPECIAL_TOKENS).filter(([, token]) => vocabulary.has(token)));
  return {
    'special_tokens_map.json': special,
    'tokenizer_config.json': {
      ...special,
      do_lower_case: normalizer.lowercase,
      strip_accents: normalizer.stripAccents,
      tokenize_chinese_chars: normalizer.handleChineseChars,
      model_max_length: maxTokens,
      tokenizer_class: 'BertTokenizer',
    },
  };
}
