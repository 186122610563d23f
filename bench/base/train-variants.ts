/** Trains variants of the base encoder. */
import type { NgramWeights } from '../../src/encoder/ngrams/ngram-folder.js';
import { trainTable } from '../../src/identification/fit/train-table.js';
import { NgramCorpus } from '../../src/native/ngram-corpus.js';
import { SourceSampler } from '../../src/training/ngrams/source-sampler.js';
import { type LoadedSet, loadSet } from './base-sets.js';
import { SETTINGS } from './recipe.js';
import { featuresOf } from './variant-features.js';
import type { Variant } from './variants.js';

export interface TrainedVariant {
  weights: NgramWeights;
  /** Processor seconds of all threads, without reading the answers. */
  seconds: number;
}

/** Keeps the answers, and the corpus of the last features, for the next variant. */
export class VariantTrainer {
  readonly #sets = new Map<string, Promise<LoadedSet>>();
  #corpus: { key: string; corpus: NgramCorpus } | undefined;

  /** @param log receives lines about the progress */
  constructor(private readonly log: (text: string) => void) {}

  /** Trains a variant on some sets. */
  async train(variant: Variant, names: readonly string[]): Promise<TrainedVariant> {
    const sets = await Promise.all(names.map((name) => this.#load(name)));
    const corpus = await this.#read(variant, sets);
    let first = 0;
    const texts = sets.map(({ labels, names: ids }) => {
      const numbers = labels.map((_, i) => first + i);
      first += labels.length;
      return { texts: numbers, labels, classes: ids.length };
    });
    const { dim, maxNgrams, steps, seed } = variant;
    const started = process.cpuUsage();
    const sampler = new SourceSampler(texts, seed);
    const onProgress = (step: number): void => {
      if (step % 250 === 0) this.log(`${variant.title}: step ${step} of ${steps}`);
    };
    const training = { dim, maxNgrams, steps, seed, pairs: SETTINGS.pairs, onProgress };
    const { weights } = await trainTable(corpus, sampler, training);
    const { user, system } = process.cpuUsage(started);
    return { weights, seconds: (user + system) / 1e6 };
  }

  close(): void {
    this.#corpus?.corpus.dispose();
    this.#corpus = undefined;
  }

  #load(name: string): Promise<LoadedSet> {
    const known = this.#sets.get(name) ?? loadSet(name);
    this.#sets.set(name, known);
    return known;
  }

  async #read(variant: Variant, sets: readonly LoadedSet[]): Promise<NgramCorpus> {
    const { features, orders } = variant;
    const key = JSON.stringify([features, orders, sets.map(({ set }) => set)]);
    if (this.#corpus?.key === key) return this.#corpus.corpus;
    this.close();
    const { settings, rewrite } = featuresOf(variant);
    const corpus = new NgramCorpus(settings);
    this.#corpus = { key, corpus };
    for (const { set, read } of sets) {
      for await (const texts of read()) await corpus.add(await rewrite(texts));
      this.log(`${features}: read ${set}`);
    }
    return corpus;
  }
}
