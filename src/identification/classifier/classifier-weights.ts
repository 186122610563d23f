import type { QuantizedMatrix } from '../../encoder/weights/weight-rounding.js';
import type { NgramSettings } from '../../native/ngram-settings.js';
import { NGRAM_DEFAULTS } from '../../text/ngrams/ngram-defaults.js';

/** A linear classifier of texts by their n-grams: a plane for every value id, against all others. */
export interface ClassifierWeights {
  /** Value ids, ascending. */
  names: readonly string[];
  /** [rows], feature id of every row, ascending. */
  keys: Uint32Array;
  /** [rows, names], the weights of every feature. */
  planes: QuantizedMatrix;
  /** [names]. */
  biases: Float32Array;
}

/** The features that the classifier reads: n-grams of words, and of characters as written. */
export const CLASSIFIER_GROUPS: readonly NgramSettings[] = [
  { kind: 'words', ...NGRAM_DEFAULTS.words },
  { kind: 'characters', ...NGRAM_DEFAULTS.characters },
];
