import { EngineError } from '../../core/errors.js';
import type { RowLabels } from '../../core/row-labels.js';
import type { NgramConfig, NgramWeights } from '../../encoder/ngrams/ngram-folder.js';
import type { CallOptions } from '../../native/call.js';
import { NgramCorpus } from '../../native/ngram-corpus.js';
import type { NgramTable } from '../../native/ngram-table.js';
import { NGRAM_DEFAULTS } from '../../text/ngrams/ngram-defaults.js';
import type { ResolvedFitSettings } from './fit-settings.js';
import { PairSampler, sampleRows } from './pairs.js';
import { trainTable } from './train-table.js';

/** Answers to fit an encoder on. */
export interface FitAnswers extends RowLabels {
  /** Reads the answers of ascending rows, in order, in batches of any size. */
  read: (rows: Int32Array) => AsyncIterable<readonly string[]>;
}

/** A fitted table, and how it was fitted. */
export interface FittedTable {
  config: NgramConfig;
  weights: NgramWeights;
  figures: FitFigures;
}

export interface FitFigures {
  /** Number of answers that the fit was trained on. */
  answers: number;
  /** Number of value ids with at least two answers. Only these are trained on. */
  valueIds: number;
  steps: number;
  /** Number of n-grams that have an embedding. */
  ngrams: number;
  /** Mean loss of the first and of the last tenth of the steps. */
  firstLoss: number;
  lastLoss: number;
}

/**
 * Trains a table of n-gram embeddings on answers: see {@link trainTable}. `onProgress` receives the number of steps.
 *
 * @param base gives the first embeddings of the n-grams that it knows
 * @throws EngineError `ERR_DATA` if fewer than two value ids have two answers, or no n-gram occurs twice;
 *   `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`, and errors of `read`
 */
export async function fitTable(
  answers: FitAnswers,
  settings: ResolvedFitSettings,
  { base, signal, onProgress }: CallOptions & { base?: NgramTable | undefined } = {},
): Promise<FittedTable> {
  const { orders, limit } = NGRAM_DEFAULTS.words;
  const classes = answers.names.length;
  const rows = sampleRows(answers.labels, classes, settings.maxAnswers, settings.seed);
  const sampler = new PairSampler(
    rows.map((row) => answers.labels[row]!),
    classes,
    settings.seed,
  );
  if (sampler.size < 2) {
    throw new EngineError(
      'ERR_DATA',
      `A fit needs two value ids with at least two answers each, got ${sampler.size} of ${classes}`,
    );
  }
  const corpus = new NgramCorpus({ kind: 'words', orders, limit });
  try {
    for await (const texts of answers.read(rows)) await corpus.add(texts, { signal });
    const { weights, losses } = await trainTable(corpus, sampler, { ...settings, base, signal, onProgress });
    const tenth = Math.ceil(losses.length / 10);
    return {
      config: { orders, maxTokens: limit, dim: settings.dim },
      weights,
      figures: {
        answers: rows.length,
        valueIds: sampler.size,
        steps: losses.length,
        ngrams: weights.keys.length,
        firstLoss: meanOf(losses.slice(0, tenth)),
        lastLoss: meanOf(losses.slice(-tenth)),
      },
    };
  } finally {
    corpus.dispose();
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
