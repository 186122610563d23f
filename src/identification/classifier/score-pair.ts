import type { CallOptions } from '../../native/call.js';
import { UNCALIBRATED } from './calibration.js';
import type { FittedPair } from './fit-classifier.js';
import { type TextEvidence, ValueClassifier } from './value-classifier.js';

/**
 * Scores texts by an encoder and a classifier that were trained on the same answers, and disposes the encoder.
 *
 * @throws EngineError `ERR_NON_FINITE`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function scorePair(
  { encoder, weights, centroids }: FittedPair,
  texts: readonly string[],
  { signal }: CallOptions = {},
): Promise<TextEvidence> {
  try {
    const { dim } = encoder;
    const classifier = await ValueClassifier.create({ ...weights, centroids, dim, calibration: UNCALIBRATED });
    try {
      const { embeddings } = await encoder.encode(texts, { signal });
      return await classifier.score(texts, embeddings, { signal });
    } finally {
      classifier.dispose();
    }
  } finally {
    await encoder.dispose();
  }
}
