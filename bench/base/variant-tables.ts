/** Ways to store the table of a trained variant, and to treat n-grams that are not in it. */
import { SeededRandom } from '../../src/core/random.js';
import type { NgramWeights } from '../../src/encoder/ngrams/ngram-folder.js';
import { quantizeRows } from '../../src/encoder/weights/weight-rounding.js';
import { NgramTable } from '../../src/native/ngram-table.js';
import { extractNgrams } from '../../src/text/ngrams/extract-ngrams.js';
import type { VariantFeatures } from './variant-features.js';

/** Type of the entries of a stored table. `'int4'` is computed as int8 with 15 levels. */
export type Storage = 'int8' | 'float32' | 'int4';

const BITS: Readonly<Record<Storage, number>> = { int8: 8, float32: 32, int4: 4 };
const LARGEST_INT4 = 7;
const BYTES_OF_KEY = 4;
const BYTES_OF_SCALE = 4;

/** Bytes of the tensors of a table. */
export function tableBytes(rows: number, dim: number, storage: Storage, hasKeys: boolean): number {
  const scale = storage === 'float32' ? 0 : BYTES_OF_SCALE;
  return rows * ((hasKeys ? BYTES_OF_KEY : 0) + scale + (dim * BITS[storage]) / 8);
}

export function makeTable({ keys, rows }: NgramWeights, dim: number, storage: Storage): Promise<NgramTable> {
  if (storage === 'float32') return NgramTable.create({ dim, keys, rows });
  const { codes, scales } = storage === 'int8' ? quantizeRows(rows, dim) : quantizeToInt4(rows, dim);
  return NgramTable.create({ dim, keys, rows: codes, scales });
}

/** Rounds rows to integers from -7 to 7, of which two fit into a byte. */
function quantizeToInt4(rows: Float32Array, dim: number): { codes: Int8Array; scales: Float32Array } {
  const scales = new Float32Array(rows.length / dim);
  const codes = new Int8Array(rows.length);
  scales.forEach((_, row) => {
    const own = rows.subarray(row * dim, (row + 1) * dim);
    const scale = own.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / LARGEST_INT4;
    scales[row] = scale;
    if (scale > 0)
      codes.set(
        own.map((value) => Math.round(value / scale)),
        row * dim,
      );
  });
  return { codes, scales };
}

/**
 * Makes a table in which every other n-gram of the texts has a random row, like those from which training starts:
 * uniform with variance 1 / dim.
 */
export async function withRandomRows(
  { keys, rows }: NgramWeights,
  dim: number,
  texts: readonly string[],
  { settings }: VariantFeatures,
): Promise<NgramTable> {
  const { ids } = await extractNgrams(texts, settings);
  const known = new Map(Array.from(keys, (key, row) => [key, row]));
  const all = Uint32Array.from(new Set([...keys, ...new Set(ids)])).sort();
  const width = Math.sqrt(12 / dim);
  const table = new Float32Array(all.length * dim);
  all.forEach((key, at) => {
    const row = known.get(key);
    const own = table.subarray(at * dim, (at + 1) * dim);
    if (row !== undefined) own.set(rows.subarray(row * dim, (row + 1) * dim));
    else {
      const random = SeededRandom.stream(1, key);
      for (let d = 0; d < dim; d++) own[d] = width * (random.next() - 0.5);
    }
  });
  return NgramTable.create({ dim, keys: all, rows: table });
}
