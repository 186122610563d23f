/** Returns the smallest cosine between corresponding rows of unit length. */
export function smallestCosine(a: Float32Array, b: Float32Array, dim: number): number {
  const cosines = Array.from({ length: a.length / dim }, (_, row) => {
    let dot = 0;
    for (let j = row * dim; j < (row + 1) * dim; j++) dot += a[j]! * b[j]!;
    return dot;
  });
  return Math.min(...cosines);
}
