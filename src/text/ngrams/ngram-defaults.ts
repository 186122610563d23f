import type { NgramKind } from '../../native/ngram-settings.js';

/** Largest (and default) `orders`, and default `limit`. They are part of the definition "ngrams-1". */
export const NGRAM_DEFAULTS: Record<NgramKind, { orders: number; limit: number }> = {
  words: { orders: 3, limit: 400 },
  characters: { orders: 4, limit: 2000 },
};
