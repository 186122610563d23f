/** Vectors of answers that a classifier reads. */
export interface ClassifiedAnswers {
  /** [answers, dim], row-major. */
  embeddings: Float32Array;
  dim: number;
}

/** A classifier that can tell the sides of a comparison apart. */
export interface SideClassifier {
  readonly name: string;
  /**
   * Fits on the training answers and scores the tested ones.
   *
   * @param train has a label for every answer: 1 for side A and -1 for side B, equally many of both
   * @returns one number per tested answer, above 0 if it is more likely an answer of side A
   */
  score(
    train: ClassifiedAnswers & { labels: Int8Array },
    tested: ClassifiedAnswers,
    signal: AbortSignal | undefined,
  ): Promise<Float64Array>;
}
