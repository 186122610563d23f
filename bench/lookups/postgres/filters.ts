import { splitValueId } from '../../../src/core/value-id.js';
import { similarityTopK } from '../../../src/native/top-k.js';
import type { ValueFilter } from '../../../src/search/filters/value-filter.js';

export interface FilterCase {
  name: string;
  filter: ValueFilter | undefined;
  /** Share of the rows that match. */
  share: number;
  /** Labels of the exact results: [queries, k]. */
  truth: Int32Array;
}

export interface LabelledVectors {
  vectors: Float32Array;
  valueIds: readonly string[];
  queries: Float32Array;
  dim: number;
  k: number;
}

/** No filter, the language nearest to a tenth of the rows, and the model nearest to a hundredth, with exact results. */
export async function chooseFilters(given: LabelledVectors): Promise<FilterCase[]> {
  const { valueIds } = given;
  const cases: FilterCase[] = [{ name: 'all', filter: undefined, share: 1, truth: await exact(given, () => true) }];
  for (const [field, wanted] of [
    ['lang', 0.1],
    ['model', 0.01],
  ] as const) {
    const counts = new Map<string, number>();
    const names = valueIds.map((valueId) => splitValueId(valueId)[field]);
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    const distance = (count: number): number => Math.abs(Math.log(count / valueIds.length / wanted));
    const [name, count] = [...counts].sort(([, a], [, b]) => distance(a) - distance(b))[0]!;
    const truth = await exact(given, (row) => names[row] === name);
    cases.push({ name: `${field} ${name}`, filter: { [field]: name }, share: count / valueIds.length, truth });
  }
  return cases;
}

async function exact(
  { vectors, valueIds, queries, dim, k }: LabelledVectors,
  matches: (row: number) => boolean,
): Promise<Int32Array> {
  const rows = Array.from(valueIds.keys()).filter(matches);
  const base = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => base.set(vectors.subarray(row * dim, (row + 1) * dim), i * dim));
  const { labels } = await similarityTopK({ queries, base, dim, k, metric: 'l2' });
  return labels.map((label) => rows[label]!);
}
