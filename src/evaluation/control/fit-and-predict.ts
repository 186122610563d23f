import { argMax } from '../../core/arg-max.js';
import { UNCALIBRATED } from '../../identification/classifier/calibration.js';
import { fitPair } from '../../identification/classifier/fit-classifier.js';
import { scorePair } from '../../identification/classifier/score-pair.js';
import { logitsOf } from '../../identification/classifier/softmax-scales.js';
import { type FitSettings, resolveFitSettings } from '../../identification/fit/fit-settings.js';
import type { Split } from '../splits.js';
import type { LabelledTexts } from '../tfidf.js';

/** Rows as an encoder and a classifier see them that were trained on some of them. */
export interface FittedRows {
  /** [rows, dim], vectors of the fitted encoder. */
  embeddings: Float32Array;
  dim: number;
  /** Label that the classifier predicts, by tested row. */
  predicted: ReadonlyMap<number, string>;
}

export interface FitAndPredictOptions {
  fit: FitSettings;
  signal?: AbortSignal | undefined;
}

/**
 * Fits an encoder and a classifier on the training rows as `fitDataset` does, encodes all rows, and classifies the
 * tested rows.
 */
export async function fitAndPredict(
  { texts, labels, groups }: LabelledTexts,
  { train, test }: Split,
  { fit, signal }: FitAndPredictOptions,
): Promise<FittedRows> {
  const { maxAnswers, seed } = resolveFitSettings(fit, new Set(labels).size, undefined);
  const pair = await fitPair({ texts, valueIds: labels, groups }, [...train], { fit, maxAnswers, seed, signal });
  const { encoder, weights } = pair;
  try {
    const { embeddings, dim } = await encoder.encode(texts, { signal });
    const tested = Array.from(test, (row) => texts[row]!);
    const { scores } = await scorePair(pair, tested, { signal });
    const best = scores.map((one) => weights.names[argMax(logitsOf(one, UNCALIBRATED.steps[0]!.scales))]!);
    return { embeddings, dim, predicted: new Map(Array.from(test, (row, i) => [row, best[i]!])) };
  } finally {
    await encoder.dispose();
  }
}
