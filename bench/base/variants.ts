/** Variants of the recipe of the base encoder. Each differs from it in one thing, or in two that keep the size. */
import { NGRAM_DEFAULTS } from '../../src/text/ngrams/ngram-defaults.js';
import { SETTINGS } from './recipe.js';

/**
 * Features of a text.
 * - `'words'`: n-grams of words, punctuation and line breaks, the default.
 * - `'characters'`: n-grams of characters.
 * - `'hashed'`: words, in a table without keys: the row of an n-gram is its hash modulo the number of rows.
 */
export type Features = 'words' | 'characters' | 'hashed';

export interface Variant {
  title: string;
  features: Features;
  orders: number;
  dim: number;
  maxNgrams: number;
  steps: number;
  seed: number;
  /** Whether it is trained on the sets about values only. */
  valuesOnly: boolean;
}

/** The variants train for a quarter of the steps of the recipe, so that all of them take about an hour. */
export const VARIANT_STEPS = SETTINGS.steps / 4;

const RECIPE: Omit<Variant, 'title'> = {
  features: 'words',
  orders: NGRAM_DEFAULTS.words.orders,
  dim: SETTINGS.dim,
  maxNgrams: SETTINGS.maxNgrams,
  steps: VARIANT_STEPS,
  seed: SETTINGS.seed,
  valuesOnly: false,
};

/** Title of the first variant: the recipe itself, with the steps of the others. */
export const RECIPE_TITLE = 'the recipe';

/** Variants of the same features and data are neighbours, because they share a corpus. */
export const VARIANTS: readonly Variant[] = [
  { ...RECIPE, title: RECIPE_TITLE },
  { ...RECIPE, title: 'seed 2', seed: 2 },
  { ...RECIPE, title: 'seed 3', seed: 3 },
  { ...RECIPE, title: 'width 96', dim: 96 },
  { ...RECIPE, title: 'width 256', dim: 256 },
  { ...RECIPE, title: '65,536 n-grams', maxNgrams: 2 ** 16 },
  { ...RECIPE, title: '262,144 n-grams', maxNgrams: 2 ** 18 },
  { ...RECIPE, title: '65,536 n-grams of width 352', maxNgrams: 2 ** 16, dim: 352 },
  { ...RECIPE, title: '262,144 n-grams of width 84', maxNgrams: 2 ** 18, dim: 84 },
  { ...RECIPE, title: 'n-grams of 1 token', orders: 1 },
  { ...RECIPE, title: 'n-grams of 1 and 2 tokens', orders: 2 },
  { ...RECIPE, title: 'only sets about values', valuesOnly: true },
  { ...RECIPE, title: 'table without keys (hash modulo 131,072)', features: 'hashed' },
  {
    ...RECIPE,
    title: 'n-grams of 1 to 4 characters instead of words',
    features: 'characters',
    orders: NGRAM_DEFAULTS.characters.orders,
  },
];
