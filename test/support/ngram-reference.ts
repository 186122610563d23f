/**
 * N-gram features, written from the definition in docs/ngram-features.md and independently of native/ngrams: strings
 * and regular expressions instead of tables, BigInt instead of 64-bit integers.
 */
import type { NgramSettings } from '../../src/native/ngram-settings.js';

const FNV_OFFSET = 14695981039346656037n;
const FNV_PRIME = 1099511628211n;
const BREAK = /^(?:\r\n|[\n\v\f\r\u0085\u2028\u2029])/u;
const SPACE = /^[\p{Z}\p{Cc}]/u;
const SINGLE = /^[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/u;
const WORD = /^[\p{L}\p{M}\p{N}]/u;

export interface TokenSpellings {
  written: string;
  lower: string;
}

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);

export function fnv1a(token: string): bigint {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(token)) hash = u64((hash ^ BigInt(byte)) * FNV_PRIME);
  return hash;
}

function mix(x: bigint): bigint {
  x = u64((x ^ (x >> 33n)) * 0xff51afd7ed558ccdn);
  x = u64((x ^ (x >> 33n)) * 0xc4ceb9fe1a85ec53n);
  return x ^ (x >> 33n);
}

export function hashNgram(seed: bigint, items: readonly bigint[]): bigint {
  return items.reduce((gram, item) => mix(u64(gram * 0x9e3779b97f4a7c15n + item)), seed);
}

/** Replaces unpaired surrogates. */
function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
}

/** Lower-cases one code point; U+0130 is the only one whose full mapping differs from its simple one. */
function lowerCharacter(character: string): string {
  return character === '\u0130' ? 'i' : character.toLowerCase();
}

export function readTokens(text: string, limit: number): TokenSpellings[] {
  const characters = Array.from(wellFormed(text));
  const tokens: string[] = [];
  const at = (i: number, pattern: RegExp): boolean => i < characters.length && pattern.test(characters[i]!);
  const isBreak = (i: number): boolean => at(i, BREAK);
  const isWord = (i: number): boolean => !at(i, SINGLE) && at(i, WORD);
  let i = 0;
  while (i < characters.length) {
    const begin = i++;
    if (isBreak(begin)) {
      while (isBreak(i) || at(i, SPACE)) i++;
      const breaks = characters
        .slice(begin, i)
        .join('')
        .match(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/gu)!.length;
      tokens.push('\n'.repeat(Math.min(breaks, 3)));
    } else if (isWord(begin)) {
      while (isWord(i)) i++;
      tokens.push(characters.slice(begin, i).join(''));
    } else if (at(begin, SINGLE) || !at(begin, SPACE)) {
      tokens.push(characters[begin]!);
    }
  }
  return tokens.slice(0, limit).map((written) => ({ written, lower: Array.from(written, lowerCharacter).join('') }));
}

function* ngrams<T>(items: readonly T[], orders: number): Generator<T[]> {
  for (let begin = 0; begin < items.length; begin++) {
    for (let end = begin + 1; end <= Math.min(begin + orders, items.length); end++) yield items.slice(begin, end);
  }
}

/** Hashes of all n-grams, with repetitions. */
function hashes(text: string, { kind, orders, limit }: NgramSettings): bigint[] {
  if (kind === 'characters') {
    const codePoints = Array.from(wellFormed(text))
      .slice(0, limit)
      .map((character) => BigInt(character.codePointAt(0)!));
    return [...ngrams(codePoints, orders)].map((gram) => hashNgram(0x63686172n, gram));
  }
  return [...ngrams(readTokens(text, limit), orders)].flatMap((gram) => {
    const spelled = (spelling: keyof TokenSpellings): bigint =>
      hashNgram(
        0n,
        gram.map((token) => fnv1a(token[spelling])),
      );
    return [...new Set([spelled('lower'), spelled('written')])];
  });
}

/** Distinct ids, ascending, and how often each occurs, at most 255. */
export function referenceNgrams(text: string, settings: NgramSettings): { ids: number[]; counts: number[] } {
  const counts = new Map<number, number>();
  for (const hash of hashes(text, settings)) {
    const id = Number(hash >> 32n);
    counts.set(id, Math.min((counts.get(id) ?? 0) + 1, 255));
  }
  const ids = [...counts.keys()].sort((a, b) => a - b);
  return { ids, counts: ids.map((id) => counts.get(id)!) };
}
