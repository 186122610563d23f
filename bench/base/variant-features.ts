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
 * The trainer takes one kind of n-grams. For other features, a text is rewritten: each of its features becomes a word,
 * repeated by its count, and the trainer reads single words.
 */
const REWRITTEN: NgramSettings = { kind: 'words', orders: 1, limit: ALL_TOKENS };

export function featuresOf({ features, orders, maxNgrams }: Variant): VariantFeatures {
  switch (features) {
    case 'words':
    case 'characters': {
      const settings = { kind: features, orders, limit: NGRAM_DEFAULTS[features].limit };
      return { settings, rewrite: (texts) => Promise.resolve(texts) };
    }
    case 'hashed':
      return {
        settings: REWRITTEN,
        rewrite: async (texts) => {
          const words = await extractNgrams(texts, { orders });
          return texts.map((_, i) => asWords(words, i, (id) => `h${id % maxNgrams}`));
        },
      };
    case 'both':
      return {
        settings: REWRITTEN,
        rewrite: async (texts) => {
          const words = await extractNgrams(texts, { orders });
          const characters = await extractNgrams(texts, { kind: 'characters' });
          return texts.map(
            (_, i) => `${asWords(words, i, (id) => `w${id}`)} ${asWords(characters, i, (id) => `c${id}`)}`,
          );
        },
      };
  }
}

function asWords({ offsets, ids, counts }: NgramFeatures, text: number, name: (id: number) => string): string {
  const words: string[] = [];
  for (let i = offsets[text]!; i < offsets[text + 1]!; i++)
    for (let n = 0; n < counts[i]!; n++) words.push(name(ids[i]!));
  return words.join(' ');
}
