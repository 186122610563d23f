/** Mean vectors of value ids. */

/** Adds up vectors by value id. */
export class CentroidSum {
  readonly #sums: Float64Array;

  constructor(
    private readonly valueIds: number,
    private readonly dim: number,
  ) {
    this.#sums = new Float64Array(valueIds * dim);
  }

  /**
   * @param vectors [rows, dim]
   * @param labels [rows], the position of the value id of every row
   */
  add(vectors: Float32Array, labels: Int32Array): void {
    const { dim } = this;
    labels.forEach((label, row) => {
      for (let d = 0; d < dim; d++) this.#sums[label * dim + d]! += vectors[row * dim + d]!;
    });
  }

  /** Returns the means at unit length, [valueIds, dim]. A value id without vectors has zeros. */
  centroids(): Float32Array {
    const { dim } = this;
    const means = new Float32Array(this.#sums.length);
    for (let id = 0; id < this.valueIds; id++) {
      const sum = this.#sums.subarray(id * dim, (id + 1) * dim);
      const norm = Math.hypot(...sum);
      if (norm > 0)
        means.set(
          Float32Array.from(sum, (value) => value / norm),
          id * dim,
        );
    }
    return means;
  }
}
