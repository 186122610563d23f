import { expectInteger, expectOneOf, expectOptions, expectStrings } from '../../core/validate.js';
import { type CallOptions, resolveCallOptions } from '../../native/call.js';
import { NGRAM_KINDS, type NgramKind } from '../../native/ngram-settings.js';
import { type NgramFeatures, ngramFeatures } from '../../native/ngrams.js';
import { NGRAM_DEFAULTS } from './ngram-defaults.js';

/** Options of `extractNgrams`. */
export interface ExtractNgramsOptions extends CallOptions {
  /**
   * `'words'`: n-grams of words, punctuation and line breaks, in lower case and as written. `'characters'`: n-grams of
   * Unicode code points as written. @default 'words'
   */
  kind?: NgramKind | undefined;
  /**
   * Tokens (1 to 3) or characters (1 to 4) of the longest n-gram; shorter n-grams count too. @default 3 for words, 4
   * for characters
   */
  orders?: number | undefined;
  /** Tokens or characters that are read from the start of a text, at least 1. @default 400 tokens, 2,000 characters */
  limit?: number | undefined;
}

/**
 * Extracts the hashed n-gram features of texts, on all threads. Their definition is frozen, and documented in
 * docs/ngram-features.md so that other programs can compute them.
 *
 * An empty text has no features. An unpaired surrogate counts as U+FFFD. `onProgress` receives numbers of texts.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` (also if the texts have 2^31 features or more in total),
 *   `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function extractNgrams(
  texts: readonly string[],
  options: ExtractNgramsOptions = {},
): Promise<NgramFeatures> {
  expectStrings(texts, 'texts');
  const given = expectOptions(options, 'options', ['kind', 'orders', 'limit', 'signal', 'onProgress']);
  const kind = expectOneOf(given.kind ?? 'words', 'kind', NGRAM_KINDS);
  const settings = {
    kind,
    orders: expectInteger(given.orders ?? NGRAM_DEFAULTS[kind].orders, 'orders', 1, NGRAM_DEFAULTS[kind].orders),
    limit: expectInteger(given.limit ?? NGRAM_DEFAULTS[kind].limit, 'limit', 1),
  };
  const call = resolveCallOptions(given.signal, given.onProgress);
  return ngramFeatures(extractNgrams, texts, settings, call);
}
