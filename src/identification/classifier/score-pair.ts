import type { CallOptions } from '../../native/call.js';
import { UNCALIBRATED } from './calibration.js';
import type { FittedPair } from './fit-classifier.js';
import { type TextEvidence, ValueClassifier } from './value-classifier.js';

/** Scores texts by an encoder and a classifier that were trained on the same answers. */
export class PairScorer {
  private constructor(
    private readonly encoder: FittedPair['encoder'],
    private readonly classifier: ValueClassifier,
  ) {}

  /** @throws EngineError `ERR_NON_FINITE`, `ERR_OUT_OF_MEMORY`, after which the encoder is disposed */
  static async open({ encoder, weights, centroids }: FittedPair): Promise<PairScorer> {
    const { dim } = encoder;
    try {
      const data = { ...weights, centroids, dim, calibration: UNCALIBRATED };
      return new PairScorer(encoder, await ValueClassifier.create(data));
    } catch (error) {
      await encoder.dispose();
      throw error;
    }
  }

  /** The value ids of the scores, ascending. */
  get names(): readonly string[] {
    return this.classifier.names;
  }

  /** @throws EngineError `ERR_ABORTED`, `ERR_OUT_OF_MEMORY` */
  async score(texts: readonly string[], { signal }: CallOptions = {}): Promise<TextEvidence> {
    const { embeddings } = await this.encoder.encode(texts, { signal });
    return this.classifier.score(texts, embeddings, { signal });
  }

  async dispose(): Promise<void> {
    this.classifier.dispose();
    await this.encoder.dispose();
  }
}

/**
 * Scores texts by an encoder and a classifier that were trained on the same answers, and disposes the encoder.
 *
 * @throws EngineError `ERR_NON_FINITE`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function scorePair(
  pair: FittedPair,
  texts: readonly string[],
  call: CallOptions = {},
): Promise<TextEvidence> {
  const scorer = await PairScorer.open(pair);
  try {
    return await scorer.score(texts, call);
  } finally {
    await scorer.dispose();
  }
}
