/** Compares the labels that an engine found with the exact nearest rows, by their inner products. */
import type { LookupData } from './data.js';

/** Sums of float32 differ in their last bits. A row as near as the k-th nearest is as good. */
const TOLERANCE = 1e-6;

type Searched = Pick<LookupData, 'dim' | 'rows' | 'base' | 'queries' | 'nearest'>;

export interface RecallOptions {
  /** How far rows may be out of the order of their exact inner products, beyond the last bits of float32. */
  disorder: number;
  /** Says in errors who found the labels. */
  name: string;
}

/**
 * Returns the share of the k nearest rows that were found.
 *
 * @param labels [queries, k]; -1 for none
 * @throws Error for labels that are no rows, occur twice, or are out of order: then the engine is used wrongly
 */
export function recallOf(labels: Int32Array, k: number, data: Searched, { disorder, name }: RecallOptions): number {
  const { dim, rows, base, queries, nearest } = data;
  const count = queries.length / dim;
  if (labels.length !== count * k) throw new Error(`${name} gave ${labels.length} labels for ${count} x ${k}`);
  const width = nearest.length / count;
  let found = 0;
  for (let i = 0; i < count; i++) {
    const farthest = nearest[i * width + k - 1]! - TOLERANCE;
    const given = labels.subarray(i * k, (i + 1) * k).filter((label) => label !== -1);
    if (new Set(given).size < given.length) throw new Error(`${name} found a row twice for query ${i}`);
    let last = Infinity;
    for (const label of given) {
      if (label < 0 || label >= rows) throw new Error(`${name} found row ${label} of ${rows}`);
      let product = 0;
      for (let j = 0; j < dim; j++) product += queries[i * dim + j]! * base[label * dim + j]!;
      if (product > last + TOLERANCE + disorder) throw new Error(`${name} gave rows out of order for query ${i}`);
      last = product;
      if (product >= farthest) found++;
    }
  }
  return found / labels.length;
}
