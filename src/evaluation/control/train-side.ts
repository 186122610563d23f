import { argMax } from '../../core/arg-max.js';
import { UNCALIBRATED } from '../../identification/classifier/calibration.js';
import { fitPair } from '../../identification/classifier/fit-classifier.js';
import { scorePair } from '../../identification/classifier/score-pair.js';
import { logitsOf } from '../../identification/classifier/softmax-scales.js';
import { type FitSettings, resolveFitSettings } from '../../identification/fit/fit-settings.js';
import type { JoinedRows, SideName } from './control-rows.js';

/** The rows of both sides, as an encoder and a classifier see them that were trained on one side. */
export interface TrainedSide {
  /** [rows, dim], vectors of the fitted encoder. */
  embeddings: Float32Array;
  dim: number;
  /** Label that the classifier predicts for a row, for every tested row of both sides. */
  predicted: ReadonlyMap<number, string>;
}

export interface SideTraining {
  train: Int32Array;
  /** The tested rows of both sides. */
  test: Record<SideName, Int32Array>;
  fit: FitSettings;
  signal: AbortSignal | undefined;
}

/**
 * Fits an encoder and a classifier on the training rows of one side as `fitDataset` does, encodes all rows, and
 * classifies the tested rows of both sides.
 */
export async function trainSide(
  { texts, labels, groups }: JoinedRows,
  { train, test, fit, signal }: SideTraining,
): Promise<TrainedSide> {
  const { maxAnswers, seed } = resolveFitSettings(fit, new Set(labels).size, undefined);
  const pair = await fitPair({ texts, valueIds: labels, groups }, [...train], { fit, maxAnswers, seed, signal });
  const { encoder, weights } = pair;
  try {
    const { embeddings, dim } = await encoder.encode(texts, { signal });
    const tested = [...test.values, ...test.control];
    const { scores } = await scorePair(
      pair,
      tested.map((row) => texts[row]!),
      { signal },
    );
    const best = scores.map((one) => weights.names[argMax(logitsOf(one, UNCALIBRATED.steps[0]!.scales))]!);
    return { embeddings, dim, predicted: new Map(tested.map((row, i) => [row, best[i]!])) };
  } finally {
    await encoder.dispose();
  }
}
