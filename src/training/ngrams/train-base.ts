import type { RowLabels } from '../../core/row-labels.js';
import { TrainingAnswers } from '../../encoder/folder/training-answers.js';
import type { NgramConfig, NgramWeights } from '../../encoder/ngrams/ngram-folder.js';
import { trainTable } from '../../identification/fit/train-table.js';
import type { CallOptions } from '../../native/call.js';
import { NgramCorpus } from '../../native/ngram-corpus.js';
import { NGRAM_DEFAULTS } from '../../text/ngrams/ngram-defaults.js';
import { SourceSampler } from './source-sampler.js';

/** Answers of one source, with their value ids. */
export interface BaseSource extends RowLabels {
  /** Reads the answers of all rows, in order, in batches of any size. */
  read: () => AsyncIterable<readonly string[]> | Iterable<readonly string[]>;
}

export interface BaseTraining extends CallOptions {
  sources: readonly BaseSource[];
  /** Width of the vectors. */
  dim: number;
  steps: number;
  /** Pairs per step. */
  pairs: number;
  /** N-grams that get an embedding. */
  maxNgrams: number;
  seed: number;
}

/** What {@link trainBase} returns. */
export interface TrainedBase {
  config: NgramConfig;
  weights: NgramWeights;
  losses: number[];
  answers: TrainingAnswers;
}

/**
 * Trains an n-gram encoder on several sources, as a base for datasets that it has not seen: like `fitTable`, but each
 * step has pairs of one source. `onProgress` receives the number of steps.
 *
 * @throws EngineError `ERR_DATA` if no source has two value ids with two answers; `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function trainBase({ sources, signal, onProgress, ...training }: BaseTraining): Promise<TrainedBase> {
  const { orders, limit } = NGRAM_DEFAULTS.words;
  let first = 0;
  const texts = sources.map(({ labels, names }) => {
    const numbers = labels.map((_, i) => first + i);
    first += labels.length;
    return { texts: numbers, labels, classes: names.length };
  });
  const sampler = new SourceSampler(texts, training.seed);
  const answers = new TrainingAnswers();
  const corpus = new NgramCorpus({ kind: 'words', orders, limit });
  try {
    for (const source of sources) {
      for await (const texts of source.read()) {
        await corpus.add(texts, { signal });
        answers.add(texts);
      }
    }
    const { weights, losses } = await trainTable(corpus, sampler, { ...training, signal, onProgress });
    return { config: { orders, maxTokens: limit, dim: training.dim }, weights, losses, answers };
  } finally {
    corpus.dispose();
  }
}
