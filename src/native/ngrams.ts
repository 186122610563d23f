import { type CallOptions, callNative, plainList } from './call.js';
import { addon } from './loader.js';
import type { NgramSettings } from './ngram-settings.js';

/** Features of texts, packed. Text i has the entries offsets[i] to offsets[i + 1] - 1 of `ids` and `counts`. */
export interface NgramFeatures {
  /** [texts + 1], ascending from 0. */
  offsets: Int32Array;
  /** [offsets.at(-1)], ascending and distinct within a text. */
  ids: Uint32Array;
  /** [offsets.at(-1)], occurrences in the text, 1 to 255; 255 also stands for more. */
  counts: Uint8Array;
}

/**
 * Extracts features off the calling thread, which only copies the strings. The arguments must have been checked: see
 * src/text/ngrams/extract-ngrams.ts.
 *
 * @param hideAbove the public function, where the stack of an error starts
 * @throws EngineError `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`, `ERR_ARG_RANGE` (2^31 features or more in total)
 */
export async function ngramFeatures(
  hideAbove: (...args: never[]) => unknown,
  texts: readonly string[],
  settings: NgramSettings,
  options: CallOptions,
): Promise<NgramFeatures> {
  const offsets = new Int32Array(texts.length + 1);
  const { ids, counts } = await callNative(hideAbove, options, (control) =>
    addon().extractNgrams(plainList(texts), settings, offsets, control),
  );
  return { offsets, ids, counts };
}
