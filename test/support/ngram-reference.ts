/**
 * N-gram features, written from the definition in docs/ngram-features.md and independently of native/ngrams: strings
 * and regular expressions instead of tables, BigInt instead of 64-bit integers.
 */
import type { NgramSettings } from '../../src/native/ngram-settings.js';
import { fnv1a, hashNgram, readTokens } from '../../src/text/ngrams/word-tokens.js';

/** Replaces unpaired surrogates. */
function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
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
    const spelled = (spelling: 'written' | 'lower'): bigint =>
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
