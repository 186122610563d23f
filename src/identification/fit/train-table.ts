import { throwIfAborted } from '../../core/abort.js';
import type { NgramWeights } from '../../encoder/ngrams/ngram-folder.js';
import type { CallOptions } from '../../native/call.js';
import type { NgramCorpus } from '../../native/ngram-corpus.js';
import type { NgramTable } from '../../native/ngram-table.js';
import { NgramTrainer } from '../../native/ngram-trainer.js';
import type { NgramSteps } from '../../native/ngram-types.js';
import type { Pairs } from './pairs.js';

/** Draws the pairs of training steps. */
export interface PairSource {
  draw(firstStep: number, steps: number, pairs: number): Pairs;
}

export interface TableTraining extends CallOptions {
  dim: number;
  steps: number;
  /** Pairs per step. */
  pairs: number;
  /** N-grams that get an embedding: those in most texts, and in at least two. */
  maxNgrams: number;
  seed: number;
  /** Gives the first embeddings of the n-grams that it knows. */
  base?: NgramTable | undefined;
}

/** exp(10 x cosine): the temperature of the paper's experiments is 0.1. */
const LOGIT_SCALE = 10;
/** Of Adagrad; falls linearly to 0. */
const LEARNING_RATE = 0.05;
/** Steps that run without a return to JavaScript, which checks for an abort and reports progress. */
const STEPS_AT_ONCE = 10;

/**
 * Trains a table of n-gram embeddings so that texts of one label are close and those of others are far apart: InfoNCE
 * in both directions, in which other texts of the same label are no negatives (reference, section 3), with row-wise
 * Adagrad. The same inputs give the same table, whatever the number of threads. `onProgress` receives the number of
 * steps.
 *
 * @returns the table, and the loss of every step
 * @throws EngineError `ERR_DATA` if no n-gram occurs in two texts; `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function trainTable(
  corpus: NgramCorpus,
  sampler: PairSource,
  { dim, steps, pairs, maxNgrams, seed, base, signal, onProgress }: TableTraining,
): Promise<{ weights: NgramWeights; losses: number[] }> {
  const trainer = await NgramTrainer.create(corpus, { dim, maxRows: maxNgrams, seed, base, signal });
  try {
    const losses: number[] = [];
    for (let step = 0; step < steps; step += STEPS_AT_ONCE) {
      throwIfAborted(signal, 'Training was aborted');
      const count = Math.min(STEPS_AT_ONCE, steps - step);
      losses.push(...(await trainer.steps(drawSteps(sampler, { steps, pairs }, step, count), { signal })));
      onProgress?.(step + count);
    }
    const { keys, rows } = await trainer.table();
    return { weights: { keys, rows }, losses };
  } finally {
    trainer.dispose();
  }
}

/** Draws `count` steps after the first `done` ones, with their learning rates. */
export function drawSteps(
  sampler: PairSource,
  { steps, pairs }: Pick<TableTraining, 'steps' | 'pairs'>,
  done: number,
  count: number,
): NgramSteps {
  const learningRates = Float64Array.from({ length: count }, (_, i) => LEARNING_RATE * (1 - (done + i) / steps));
  const drawn = sampler.draw(done, count, pairs);
  return { ...drawn, pairs, learningRates, logitScale: LOGIT_SCALE, mode: 'masked-symmetric' };
}
