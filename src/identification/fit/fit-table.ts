import { EngineError } from '../../core/errors.js';
import type { RowLabels } from '../../core/row-labels.js';
import type { NgramConfig, NgramWeights } from '../../encoder/ngrams/ngram-folder.js';
import { NgramCorpus } from '../../native/ngram-corpus.js';
import { NGRAM_DEFAULTS } from '../../text/ngrams/ngram-defaults.js';
import { type FitSettings, openBase, type ResolvedFitSettings, resolveFitSettings } from './fit-settings.js';
import { PairSampler, sampleRows } from './pairs.js';
import { trainTable } from './train-table.js';

const WORDS = NGRAM_DEFAULTS.words;

/** Answers to fit an encoder on. */
export interface FitAnswers extends RowLabels {
  /** Reads the answers of ascending rows, in order, in batches of any size. */
  read: (rows: Int32Array) => AsyncIterable<readonly string[]> | Iterable<readonly string[]>;
}

/** A fitted table, and how it was fitted. */
export interface FittedTable {
  config: NgramConfig;
  weights: NgramWeights;
  settings: ResolvedFitSettings;
  /** The encoder that the fit started from; null if it started from random numbers. */
  base: { name: string; fingerprint: string } | null;
  figures: FitFigures;
}

/** Figures of a fit. */
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

/** Reports the progress of reading or training: the number of answers or steps done, of `total`. */
export type FitProgress = (done: number, total: number) => void;

export interface FitCall {
  signal?: AbortSignal | undefined;
  /** Receives the number of answers that were read. */
  onRead?: FitProgress | undefined;
  /** Receives the number of training steps. */
  onProgress?: FitProgress | undefined;
}

/**
 * Fits a table of n-gram embeddings on answers: see {@link trainTable}.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH` for settings; `ERR_DATA` if fewer than two
 *   value ids have two answers, no n-gram occurs twice, or the base is not an n-gram encoder; `ERR_ABORTED`,
 *   `ERR_OUT_OF_MEMORY`, and errors of `read`
 */
export async function fitTable(
  answers: FitAnswers,
  given: FitSettings,
  { signal, onRead, onProgress }: FitCall = {},
): Promise<FittedTable> {
  const base = await openBase(given);
  const corpus = new NgramCorpus({ kind: 'words', ...WORDS });
  try {
    const classes = answers.names.length;
    const settings = resolveFitSettings(given, classes, base);
    const { seed, maxAnswers, steps } = settings;
    const rows = sampleRows(answers.labels, classes, maxAnswers, seed);
    const labels = rows.map((row) => answers.labels[row]!);
    const sampler = new PairSampler(labels, classes, seed);
    if (sampler.size < 2) {
      throw new EngineError(
        'ERR_DATA',
        `A fit needs two value ids with at least two answers each, got ${sampler.size} of ${classes}`,
      );
    }
    let read = 0;
    for await (const texts of answers.read(rows)) {
      await corpus.add(texts, { signal });
      onRead?.((read += texts.length), rows.length);
    }
    const onStep = (step: number): void => onProgress?.(step, steps);
    const training = { ...settings, base: base?.table, signal, onProgress: onStep };
    const { weights, losses } = await trainTable(corpus, sampler, training);
    const tenth = Math.ceil(losses.length / 10);
    return {
      config: { orders: WORDS.orders, maxTokens: WORDS.limit, dim: settings.dim },
      weights,
      settings,
      base: base ? { name: base.name, fingerprint: base.fingerprint } : null,
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
    base?.table.dispose();
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
