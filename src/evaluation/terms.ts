/** Terms of a text for the word baseline, as hashes. */

/** Number of hash buckets: about twenty times the terms of a set of 4,000 answers, so that collisions stay rare. */
const BUCKETS = 2 ** 22;

/** A word of Latin letters and digits, or one letter of any other script. */
const WORD = /[\p{Script=Latin}\p{M}\p{Nd}]+|\p{L}/gu;

/**
 * Counts the words and pairs of adjacent words of a text, lower-cased and hashed; in other scripts than Latin the
 * letters take the place of words.
 *
 * @returns count by bucket
 */
export function countTerms(text: string): Map<number, number> {
  const counts = new Map<number, number>();
  const add = (hash: number): void => {
    const bucket = (hash >>> 0) % BUCKETS;
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  };
  let previous: string | undefined;
  for (const word of text.toLowerCase().match(WORD) ?? []) {
    add(hashText(word));
    if (previous !== undefined) add(hashText(`${previous} ${word}`));
    previous = word;
  }
  return counts;
}

/** FNV-1a over UTF-16 units, mixed once more because a modulus follows. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
