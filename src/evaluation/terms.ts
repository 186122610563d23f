/** Hashed terms of a text, for the word baseline. */

/** Number of hash buckets. */
export const BUCKETS = 2 ** 20;

/** A word of Latin letters and digits, or one character of any other kind: letters of other scripts, punctuation. */
const WORD = /[\p{Script=Latin}\p{M}\p{Nd}]+|\S/gu;

export interface TermCounts {
  /** Buckets that occur, ascending. */
  buckets: Int32Array;
  /** Number of occurrences of each. */
  counts: Int32Array;
}

/**
 * Counts the words and pairs of adjacent words of a text, lower-cased and hashed. Punctuation counts as words: lists
 * and dashes are part of a model's style. In scripts other than Latin, each letter counts as a word.
 */
export function countTerms(text: string): TermCounts {
  const words = text.toLowerCase().match(WORD) ?? [];
  const hashes = words.map(hashWord);
  const all = new Int32Array(Math.max(0, 2 * words.length - 1));
  hashes.forEach((hash, i) => {
    all[2 * i] = toBucket(hash);
    if (i > 0) all[2 * i - 1] = toBucket(Math.imul(hashes[i - 1]!, 31) ^ hash);
  });
  all.sort();
  const buckets = all.filter((bucket, i) => i === 0 || bucket !== all[i - 1]);
  const counts = new Int32Array(buckets.length);
  let at = 0;
  for (const bucket of all) {
    if (bucket !== buckets[at]) at += 1;
    counts[at]! += 1;
  }
  return { buckets, counts };
}

/** FNV-1a over UTF-16 units. */
function hashWord(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return hash;
}

/** Mixes high bits into the low ones, which alone decide the bucket (finaliser of MurmurHash3, shortened). */
function toBucket(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) & (BUCKETS - 1);
}
