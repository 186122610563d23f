import { throwIfAborted } from '../../core/abort.js';
import { EngineError } from '../../core/errors.js';
import type { RowLabels } from '../../core/row-labels.js';
import type { NgramConfig, NgramWeights } from '../../encoder/ngrams/ngram-folder.js';
import type { CallOptions } from '../../native/call.js';
import { NgramCorpus } from '../../native/ngram-corpus.js';
import type { NgramTable } from '../../native/ngram-table.js';
import { NgramTrainer } from '../../native/ngram-trainer.js';
import { NGRAM_DEFAULTS } from '../../text/ngrams/ngram-defaults.js';
import type { ResolvedFitSettings } from './fit-settings.js';
import { PairSampler, sampleRows } from './pairs.js';

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

/** exp(10 x cosine): the temperature of the paper's experiments is 0.1. */
const LOGIT_SCALE = 10;
/** Of Adagrad; falls linearly to 0. */
const LEARNING_RATE = 0.05;
/** Steps that run without a return to JavaScript, which checks for an abort and reports progress. */
const STEPS_AT_ONCE = 10;

/**
 * Trains a table of n-gram embeddings so that answers of one value id are close and those of others are far apart:
 * InfoNCE in both directions, in which other answers of the same value id are no negatives (reference, section 3), with
 * row-wise Adagrad. The same inputs give the same table, whatever the number of threads. `onProgress` receives the
 * number of steps.
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
  const { dim, steps, pairs, seed, maxNgrams } = settings;
  const { orders, limit } = NGRAM_DEFAULTS.words;
  const classes = answers.names.length;
  const rows = sampleRows(answers.labels, classes, settings.maxAnswers, seed);
  const sampler = new PairSampler(
    rows.map((row) => answers.labels[row]!),
    classes,
    seed,
  );
  if (sampler.size < 2) {
    throw new EngineError(
      'ERR_DATA',
      `A fit needs two value ids with at least two answers each, got ${sampler.size} of ${classes}`,
    );
  }
  const corpus = new NgramCorpus({ kind: 'words', orders, limit });
  let trainer: NgramTrainer | undefined;
  try {
    for await (const texts of answers.read(rows)) await corpus.add(texts, { signal });
    trainer = await NgramTrainer.create(corpus, { dim, maxRows: maxNgrams, seed, base, signal });
    corpus.dispose();
    const losses: number[] = [];
    for (let step = 0; step < steps; step += STEPS_AT_ONCE) {
      throwIfAborted(signal, 'The fit was aborted');
      const count = Math.min(STEPS_AT_ONCE, steps - step);
      const learningRates = Float64Array.from({ length: count }, (_, i) => LEARNING_RATE * (1 - (step + i) / steps));
      const drawn = sampler.draw(step, count, pairs);
      const settingsOfSteps = { pairs, learningRates, logitScale: LOGIT_SCALE, mode: 'masked-symmetric' } as const;
      losses.push(...(await trainer.steps({ ...drawn, ...settingsOfSteps }, { signal })));
      onProgress?.(step + count);
    }
    const tenth = Math.ceil(steps / 10);
    const { keys, rows: embeddings } = await trainer.table();
    return {
      config: { orders, maxTokens: limit, dim },
      weights: { keys, rows: embeddings },
      figures: {
        answers: rows.length,
        valueIds: sampler.size,
        steps,
        ngrams: keys.length,
        firstLoss: meanOf(losses.slice(0, tenth)),
        lastLoss: meanOf(losses.slice(-tenth)),
      },
    };
  } finally {
    corpus.dispose();
    trainer?.dispose();
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
