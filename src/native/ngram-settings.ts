/**
 * Kinds of n-gram features (native/ngrams/features.h):
 * - `'words'`: n-grams of words, punctuation and line breaks, in lower case and as written.
 * - `'characters'`: n-grams of code points as written.
 */
export const NGRAM_KINDS = ['words', 'characters'] as const;

/** See {@link NGRAM_KINDS}. */
export type NgramKind = (typeof NGRAM_KINDS)[number];

export interface NgramSettings {
  kind: NgramKind;
  /** N-grams of 1 to so many tokens or characters. */
  orders: number;
  /** Only the first so many tokens or characters of a text count. */
  limit: number;
}
