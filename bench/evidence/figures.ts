/** Measures how well encoders identify who answered held-out questions. */
import { evaluateKnn } from '../../src/evaluation/knn.js';
import { evaluateProbe } from '../../src/evaluation/probe.js';
import { evaluateTfidf } from '../../src/evaluation/tfidf.js';
import { encodeQa } from '../../src/text/tokenizers/encode-qa.js';
import { WordPieceTokenizer } from '../../src/text/tokenizers/wordpiece.js';
import { createTrainer } from '../../src/training/trainer.js';
import { sampleValueSet, type ValueSet } from './value-sets.js';

/** Shares of tested answers identified. */
export interface Figures {
  /** Balanced accuracy. */
  knn: number;
  /** Accuracy. */
  probe: number;
}

export interface SetDescription {
  name: string;
  valueIds: number;
  train: number;
  test: number;
  chance: number;
  tfidf: number;
}

export interface EncoderSettings {
  /** Maximum tokens of a text; longer texts are cut. */
  maxTokens: number;
  precision: 'f32' | 'bf16';
}

export const K = 50;
/**
 * Maximum numbers of voting and tested rows of a set, so that the evaluation does not take longer than the training.
 */
export const LIMITS = { voting: 2400, tested: 400 };
const CHUNK = 64;

export function sampleSet(set: ValueSet): ValueSet {
  return sampleValueSet(set, LIMITS.voting, LIMITS.tested);
}

/** Computes the figures of one encoder on the held-out questions of every set. */
export async function evaluateEncoder(
  folder: string,
  sets: readonly ValueSet[],
  { maxTokens, precision }: EncoderSettings,
): Promise<Record<string, Figures>> {
  const trainer = await createTrainer({ encoder: folder, precision });
  const tokenizer = WordPieceTokenizer.fromFile(folder);
  const figures: Record<string, Figures> = {};
  try {
    for (const { name, records, labels, groups, split } of sets) {
      const { dim } = trainer;
      const embeddings = new Float32Array(records.length * dim);
      for (let row = 0; row < records.length; row += CHUNK) {
        const tokens = await encodeQa(tokenizer, records.slice(row, row + CHUNK), { maxTokens });
        embeddings.set(await trainer.encode(tokens), row * dim);
      }
      const data = { embeddings, dim, labels, groups };
      const knn = await evaluateKnn(data, {
        split,
        k: Math.min(K, split.train.length),
        bootstrapSamples: 0,
        sweep: [],
      });
      const probe = await evaluateProbe(data, { split, bootstrapSamples: 0 });
      figures[name] = { knn: knn.balancedAccuracy, probe: probe.accuracyAt[1] };
      console.log(
        `${folder.split('/').slice(-2).join('/')} on ${name}: kNN ${(100 * knn.balancedAccuracy).toFixed(1)} %, ` +
          `probe ${(100 * probe.accuracyAt[1]).toFixed(1)} %`,
      );
    }
  } finally {
    await tokenizer.dispose();
    await trainer.dispose();
  }
  return figures;
}

/** Returns the sizes of a set, and the accuracies of chance and word counts on it. */
export async function describeSet({ name, labels, groups, records, split }: ValueSet): Promise<SetDescription> {
  const data = { labels, groups, texts: records.map(({ answer }) => answer) };
  const { balancedAccuracy, chance } = await evaluateTfidf(data, {
    split,
    k: Math.min(K, split.train.length),
    bootstrapSamples: 0,
    sweep: [],
  });
  return {
    name,
    valueIds: new Set(labels).size,
    train: split.train.length,
    test: split.test.length,
    chance,
    tfidf: balancedAccuracy,
  };
}
