/** Distances of all answers of a dataset to one of them. */
import { throwIfAborted } from '../core/abort.js';
import { allocateFloat32 } from '../core/allocate.js';
import type { Dataset } from '../datasets/dataset.js';

/** Rows that are read at a time: few enough that they are still in the cache of the CPU when they are compared. */
const BATCH_ROWS = 1024;

/**
 * Computes the Euclidean distances of all answers to one, by the encoder that embedded the dataset. Reads the next rows
 * while it compares those before.
 *
 * @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function distancesToRow(
  dataset: Pick<Dataset, 'rows' | 'dim' | 'openEmbeddings'>,
  row: number,
  signal: AbortSignal,
): Promise<Float32Array<ArrayBuffer>> {
  const { rows, dim } = dataset;
  const distances = allocateFloat32(rows, 'the distances');
  const reader = dataset.openEmbeddings();
  const buffers = [new Float32Array(BATCH_ROWS * dim), new Float32Array(BATCH_ROWS * dim)] as const;
  const load = async (first: number, buffer: Float32Array): Promise<Float32Array> => {
    const batch = buffer.subarray(0, Math.min(BATCH_ROWS, rows - first) * dim);
    await reader.read(first, batch);
    return batch;
  };
  try {
    const own = new Float32Array(dim);
    await reader.read(row, own);
    const vector = Float64Array.from(own);
    let batch = await load(0, buffers[0]);
    for (let first = 0, turn = 1; batch.length > 0; first += BATCH_ROWS, turn = 1 - turn) {
      throwIfAborted(signal);
      const next = first + BATCH_ROWS < rows ? load(first + BATCH_ROWS, buffers[turn as 0 | 1]) : undefined;
      euclideanDistances(batch, vector, distances.subarray(first));
      batch = (await next) ?? new Float32Array();
    }
  } finally {
    await reader.close();
  }
  return distances;
}

/**
 * Computes the distances of rows to a vector. Four sums hide the latency of an addition, which one would wait for, and
 * the vector has the precision of the sums, so that it is not converted again for every row.
 *
 * @param rows [n, dim]
 * @param vector [dim]
 * @param out at least [n]
 */
export function euclideanDistances(rows: Float32Array, vector: Float64Array, out: Float32Array): void {
  const dim = vector.length;
  for (let row = 0, at = 0; at < rows.length; row++, at += dim) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let i = 0;
    for (; i + 3 < dim; i += 4) {
      const p = rows[at + i]! - vector[i]!;
      const q = rows[at + i + 1]! - vector[i + 1]!;
      const r = rows[at + i + 2]! - vector[i + 2]!;
      const s = rows[at + i + 3]! - vector[i + 3]!;
      a += p * p;
      b += q * q;
      c += r * r;
      d += s * s;
    }
    for (; i < dim; i++) a += (rows[at + i]! - vector[i]!) ** 2;
    out[row] = Math.sqrt(a + b + c + d);
  }
}
