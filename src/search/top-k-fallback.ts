import { matmul } from '../native/matmul.js';

const TILE_ROWS = 256;

/** Stands in for the native `similarityTopK` with the same arguments and result, metric l2 and f32 storage only. */
export async function similarityTopK(options: {
  queries: Float32Array;
  queryRows: number;
  base: Float32Array;
  baseRows: number;
  dim: number;
  k: number;
  metric: 'l2';
  signal?: AbortSignal | undefined;
}): Promise<{ indices: Int32Array; scores: Float32Array }> {
  const { queries, queryRows, base, baseRows, dim, k, signal } = options;
  const squares = Float64Array.from({ length: baseRows }, (_, row) => {
    let sum = 0;
    for (let j = row * dim; j < (row + 1) * dim; j++) sum += base[j]! * base[j]!;
    return sum;
  });
  const indices = new Int32Array(queryRows * k);
  const scores = new Float32Array(queryRows * k);
  const order = new Int32Array(baseRows);
  const partial = new Float64Array(baseRows);
  for (let begin = 0; begin < queryRows; begin += TILE_ROWS) {
    const rows = Math.min(TILE_ROWS, queryRows - begin);
    const tile = queries.subarray(begin * dim, (begin + rows) * dim);
    const products = await matmul(tile, base, rows, baseRows, dim, { transposeB: true, ...(signal && { signal }) });
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < baseRows; j++) {
        order[j] = j;
        partial[j] = squares[j]! - 2 * products[i * baseRows + j]!; // the square of the query is the same for all
      }
      order.sort((a, b) => partial[a]! - partial[b]! || a - b);
      indices.set(order.subarray(0, k), (begin + i) * k);
      scores.set(Float32Array.from(order.subarray(0, k), (row) => partial[row]!), (begin + i) * k);
    }
  }
  return { indices, scores };
}
