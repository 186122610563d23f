/** Texts of few words, so that they share many n-grams, and pairs of them. */
import { NgramCorpus } from '../../src/native/ngram-corpus.js';
import type { NgramSettings } from '../../src/native/ngram-settings.js';
import { NgramTrainer, type NgramTrainerOptions } from '../../src/native/ngram-trainer.js';
import type { NgramSteps } from '../../src/native/ngram-types.js';
import { seededRandom } from './random.js';

export const SETTINGS: NgramSettings = { kind: 'words', orders: 2, limit: 50 };

/** Draws texts of 3 to 20 words out of `words`, separated by spaces. */
export function randomTexts(count: number, words: number, seed: number): string[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: 3 + Math.floor(18 * random()) }, () => `w${Math.floor(words * random())}`).join(' '),
  );
}

/** Draws steps of different texts, with about three pairs per label. */
export function randomSteps(texts: number, steps: number, pairs: number, seed: number): NgramSteps {
  const random = seededRandom(seed);
  const draw = (below: number): Int32Array =>
    Int32Array.from({ length: steps * pairs }, () => Math.floor(below * random()));
  return {
    queries: draw(texts),
    keys: draw(texts),
    labels: draw(Math.max(1, pairs / 3)),
    pairs,
    learningRates: new Float64Array(steps).fill(0.05),
    logitScale: 10,
    mode: 'masked-symmetric',
  };
}

export async function createTrainer(texts: readonly string[], options: NgramTrainerOptions): Promise<NgramTrainer> {
  const corpus = new NgramCorpus(SETTINGS);
  try {
    await corpus.add(texts);
    return await NgramTrainer.create(corpus, options);
  } finally {
    corpus.dispose();
  }
}
