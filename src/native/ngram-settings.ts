/** See {@link NgramKind}. */
export const NGRAM_KINDS = ['words', 'characters'] as const;

/**
 * Kinds of n-gram features (native/ngrams/features.h):
 * - `'words'`: n-grams of words, punctuation and line breaks, in lower case and as written.
 * - `'characters'`: n-grams of code points as written.
 *
 * @useDeclaredType
 */
export type NgramKind = (typeof NGRAM_KINDS)[number];

export interface NgramSettings {
  kind: NgramKind;
  /** Tokens or characters of the longest n-gram; shorter n-grams count too. */
  orders: number;
  /** Tokens or characters that are read from the start of a text. */
  limit: number;
}
