/**
 * The tokens and word n-grams of docs/ngram-features.md with their spelling and position, which the addon does not
 * keep. Made for a few texts: the addon is many times faster.
 */

/** A token of a text. */
export interface WordToken {
  /** As written, except that a run of line breaks and spaces is one to three line feeds. */
  written: string;
  /** Every code point replaced by its simple lower-case mapping. */
  lower: string;
  /** Position of the first UTF-16 unit, and that after the last one. */
  begin: number;
  end: number;
  /** True for a run of letters and digits, which would join another one beside it. */
  isWord: boolean;
}

const FNV_OFFSET = 14695981039346656037n;
const FNV_PRIME = 1099511628211n;

const BREAK = '\\r\\n|[\\n\\v\\f\\r\\u0085\\u2028\\u2029]';
const SPACE = '[\\p{Z}\\p{Cc}]';
const SINGLE =
  '[\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}]';
const WORD = `(?<word>(?:(?!${SINGLE})[\\p{L}\\p{M}\\p{N}])+)`;
const TOKEN = new RegExp(`(?<breaks>(?:${BREAK})(?:${BREAK}|${SPACE})*)|${SINGLE}|${WORD}|(?<space>${SPACE})|.`, 'gsu');
const EACH_BREAK = new RegExp(BREAK, 'gu');

/** Reads at most `limit` tokens from the start of a text. */
export function readTokens(text: string, limit: number): WordToken[] {
  const tokens: WordToken[] = [];
  for (const { 0: found, index, groups } of text.matchAll(TOKEN)) {
    if (tokens.length === limit) break;
    if (groups?.['space'] !== undefined) continue;
    const breaks = groups?.['breaks']?.match(EACH_BREAK)?.length ?? 0;
    const written = breaks > 0 ? '\n'.repeat(Math.min(breaks, 3)) : found.replace(/\p{Cs}/gu, '\ufffd');
    const isWord = groups?.['word'] !== undefined;
    tokens.push({ written, lower: lowerCase(written), begin: index, end: index + found.length, isWord });
  }
  return tokens;
}

/** Replaces every code point by its simple lower-case mapping. The length stays the same. */
export function lowerCase(text: string): string {
  // For two capital letters, the lower case of a string is not that of its code points: it also depends on neighbours.
  return /[\u0130\u03a3]/.test(text) ? Array.from(text, lowerCharacter).join('') : text.toLowerCase();
}

function lowerCharacter(character: string): string {
  return character === '\u0130' ? 'i' : character.toLowerCase();
}

/** Hash of the spelling of a token: FNV-1a over its UTF-8 bytes. */
export function fnv1a(token: string): bigint {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(token)) hash = u64((hash ^ BigInt(byte)) * FNV_PRIME);
  return hash;
}

/** Hash of an n-gram, from the hashes of its tokens. Its upper 32 bits are the id of the feature. */
export function hashNgram(seed: bigint, items: readonly bigint[]): bigint {
  return items.reduce((gram, item) => mix(u64(gram * 0x9e3779b97f4a7c15n + item)), seed);
}

function mix(x: bigint): bigint {
  x = u64((x ^ (x >> 33n)) * 0xff51afd7ed558ccdn);
  x = u64((x ^ (x >> 33n)) * 0xc4ceb9fe1a85ec53n);
  return x ^ (x >> 33n);
}

function u64(x: bigint): bigint {
  return BigInt.asUintN(64, x);
}
