/** A training step of a table of n-gram embeddings in double precision, written from native/ops/bag.h and infonce.h. */
import type { InfoNceMode } from '../../src/native/infonce-modes.js';
import type { NgramSettings } from '../../src/native/ngram-settings.js';
import { infoNceReference } from './infonce-reference.js';
import { referenceNgrams } from './ngram-reference.js';

export interface ReferenceTable {
  dim: number;
  rows: Float64Array;
  moments: Float64Array;
}

export interface ReferencePairs {
  queries: Int32Array;
  keys: Int32Array;
  labels: Int32Array;
  learningRate: number;
  logitScale: number;
  mode: InfoNceMode;
}

/** The rows and weights of the known n-grams of a text. */
export type ReferenceBag = readonly { row: number; weight: number }[];

/** Makes the bag of a text. */
export function referenceBag(text: string, settings: NgramSettings, rowOf: ReadonlyMap<number, number>): ReferenceBag {
  const { ids, counts } = referenceNgrams(text, settings);
  return ids.flatMap((id, i) => {
    const row = rowOf.get(id);
    return row === undefined ? [] : [{ row, weight: Math.log1p(counts[i]!) }];
  });
}

/**
 * Updates the table and returns the loss.
 *
 * @param texts bags of all texts
 */
export function referenceStep(table: ReferenceTable, texts: readonly ReferenceBag[], pairs: ReferencePairs): number {
  const { dim, rows, moments } = table;
  const bags = [...pairs.queries, ...pairs.keys].map((text) => texts[text]!);
  const norms = new Float64Array(bags.length);
  const units = new Float64Array(bags.length * dim);
  bags.forEach((bag, s) => {
    const unit = units.subarray(s * dim, (s + 1) * dim);
    for (const { row, weight } of bag) for (let d = 0; d < dim; d++) unit[d]! += weight * rows[row * dim + d]!;
    norms[s] = Math.max(Math.hypot(...unit), 1e-12);
    unit.forEach((value, d) => (unit[d] = value / norms[s]!));
  });

  const half = units.length / 2;
  const { labels, logitScale, mode } = pairs;
  const [query, key] = [units.subarray(0, half), units.subarray(half)];
  const { loss, dQuery, dKey } = infoNceReference({ query, key, dim, labels, logitScale, mode });
  const dUnits = new Float64Array(units.length);
  dUnits.set(dQuery);
  dUnits.set(dKey, half);

  const gradients = new Map<number, Float64Array>();
  bags.forEach((bag, s) => {
    const [unit, dUnit] = [units, dUnits].map((all) => all.subarray(s * dim, (s + 1) * dim)) as [
      Float64Array,
      Float64Array,
    ];
    const along = unit.reduce((sum, value, d) => sum + value * dUnit[d]!, 0);
    for (const { row, weight } of bag) {
      const gradient = gradients.get(row) ?? new Float64Array(dim);
      gradient.forEach((g, d) => (gradient[d] = g + (weight * (dUnit[d]! - along * unit[d]!)) / norms[s]!));
      gradients.set(row, gradient);
    }
  });
  for (const [row, gradient] of gradients) {
    moments[row]! += gradient.reduce((sum, g) => sum + g * g, 0) / dim;
    const rate = pairs.learningRate / (Math.sqrt(moments[row]!) + 1e-10);
    gradient.forEach((g, d) => (rows[row * dim + d]! -= rate * g));
  }
  return loss;
}
