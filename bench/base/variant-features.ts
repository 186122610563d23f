/** The features of variants of the base encoder. */
import type { NgramSettings } from '../../src/native/ngram-settings.js';
import type { NgramFeatures } from '../../src/native/ngrams.js';
import { extractNgrams } from '../../src/text/ngrams/extract-ngrams.js';
import { NGRAM_DEFAULTS } from '../../src/text/ngrams/ngram-defaults.js';
import type { Variant } from './variants.js';

/** What the trainer and the table read for a text. */
export interface VariantFeatures {
  settings: NgramSettings;
  /** Changes texts before they are read. */
  rewrite: (texts: readonly string[]) => Promise<readonly string[]>;
}

/** More than a text has. */
const ALL_TOKENS = 2 ** 20;
/**
 * The trainer hashes texts itself. For a table without keys, a text is rewritten: each of its n-grams becomes a word
 * that names its row, repeated by its count, and the trainer reads single words.
 */
const REWRITTEN: NgramSettings = { kind: 'words', orders: 1, limit: ALL_TOKENS };

export function featuresOf({ features, orders, maxNgrams }: Variant): VariantFeatures {
  if (features !== 'hashed') {
    const settings = { kind: features, orders, limit: NGRAM_DEFAULTS[features].limit };
    return { settings, rewrite: (texts) => Promise.resolve(texts) };
  }
  const rewrite: VariantFeatures['rewrite'] = async (texts) => {
    const ngrams = await extractNgrams(texts, { orders });
    return texts.map((_, i) => rowsAsWords(ngrams, i, maxNgrams));
  };
  return { settings: REWRITTEN, rewrite };
}

function rowsAsWords({ offsets, ids, counts }: NgramFeatures, text: number, rows: number): string {
  const words: string[] = [];
  for (let i = offsets[text]!; i < offsets[text + 1]!; i++)
    for (let n = 0; n < counts[i]!; n++) words.push(`h${ids[i]! % rows}`);
  return words.join(' ');
}
