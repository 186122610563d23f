/** Tokens of a text with their positions, as n-gram features read them (docs/ngram-features.md). */
import { NGRAM_DEFAULTS } from '../../text/ngrams/ngram-defaults.js';

export interface TextToken {
  /** First UTF-16 unit. */
  start: number;
  /** Position after the last UTF-16 unit. */
  end: number;
  /** True for a run of letters and digits, which would join another one beside it. */
  isWord: boolean;
}

const BREAK = String.raw`\n-\r\x85\u2028\u2029`;
/** Characters of scripts without spaces, which are a token each. */
const SINGLE = String.raw`\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3040-\u30FF\u3400-\u9FFF\uF900-\uFAFF\u{20000}-\u{3FFFF}`;
const TOKEN = new RegExp(
  String.raw`[${BREAK}][${BREAK}\p{Z}\p{Cc}]*|[${SINGLE}]|(?<word>(?:(?![${SINGLE}])[\p{L}\p{M}\p{N}])+)|[^\p{Z}\p{Cc}]`,
  'gu',
);

/** The tokens of a text that the classifier reads: the first 400. */
export function tokensOf(text: string): TextToken[] {
  const tokens: TextToken[] = [];
  for (const { 0: token, index, groups } of text.matchAll(TOKEN)) {
    if (tokens.length === NGRAM_DEFAULTS.words.limit) break;
    tokens.push({ start: index, end: index + token.length, isWord: groups?.['word'] !== undefined });
  }
  return tokens;
}
