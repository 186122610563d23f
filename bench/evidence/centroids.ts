/** Computes distances between the centroids of value ids, and between single answers. */
import { splitValueId } from '../../src/core/value-id.js';
import type { Embeddings } from './lab.js';

export interface Centroids {
  /** Value ids, sorted by language and then by model. */
  ids: string[];
  /** [ids, ids], row-major, Euclidean. */
  distances: Float64Array;
}

/** Computes the distances between the means of the rows of every value id. */
export function centroidDistances({ embeddings, dim }: Embeddings, labels: readonly string[]): Centroids {
  const byLanguage = (id: string): string => `${splitValueId(id).lang} ${splitValueId(id).model}`;
  const ids = [...new Set(labels)].sort((a, b) => (byLanguage(a) < byLanguage(b) ? -1 : 1));
  const position = new Map(ids.map((id, i) => [id, i]));
  const sums = new Float64Array(ids.length * dim);
  const counts = new Int32Array(ids.length);
  labels.forEach((label, row) => {
    const id = position.get(label)!;
    counts[id]! += 1;
    for (let i = 0; i < dim; i++) sums[id * dim + i]! += embeddings[row * dim + i]!;
  });
  const centroids = sums.map((sum, i) => sum / counts[Math.floor(i / dim)]!);
  const distances = new Float64Array(ids.length ** 2);
  ids.forEach((_, a) => {
    ids.forEach((__, b) => {
      distances[a * ids.length + b] = euclidean(centroids, a, centroids, b, dim);
    });
  });
  return { ids, distances };
}

/** Returns the distances of some of the ids. */
export function selectIds({ ids, distances }: Centroids, keep: (id: string) => boolean): Centroids {
  const kept = [...ids.keys()].filter((i) => keep(ids[i]!));
  return {
    ids: kept.map((i) => ids[i]!),
    distances: Float64Array.from(kept.flatMap((i) => kept.map((j) => distances[i * ids.length + j]!))),
  };
}

export interface Neighbourhood {
  /** Share of the value ids whose nearest neighbour has the same language, or the same model. */
  nearestSameLanguage: number;
  nearestSameModel: number;
  /** The same shares for a random neighbour. */
  chanceSameLanguage: number;
  chanceSameModel: number;
  /** Mean distance of pairs of value ids. Null if there is no such pair. */
  sameLanguage: number | null;
  sameModel: number | null;
  neither: number | null;
}

/** Measures whether value ids are close by model or by language. */
export function neighbourhood({ ids, distances }: Centroids): Neighbourhood {
  const parts = ids.map(splitValueId);
  const pairs = { sameLanguage: [] as number[], sameModel: [] as number[], neither: [] as number[] };
  const nearest = { lang: 0, model: 0 };
  const chance = { lang: 0, model: 0 };
  parts.forEach((from, a) => {
    let best = -1;
    parts.forEach((to, b) => {
      if (a === b) return;
      const distance = distances[a * ids.length + b]!;
      if (best < 0 || distance < distances[a * ids.length + best]!) best = b;
      for (const part of ['lang', 'model'] as const) chance[part] += Number(from[part] === to[part]) / (ids.length - 1);
      pairs[from.lang === to.lang ? 'sameLanguage' : from.model === to.model ? 'sameModel' : 'neither'].push(distance);
    });
    for (const part of ['lang', 'model'] as const) nearest[part] += Number(from[part] === parts[best]![part]);
  });
  const mean = (values: readonly number[]): number | null =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    nearestSameLanguage: nearest.lang / ids.length,
    nearestSameModel: nearest.model / ids.length,
    chanceSameLanguage: chance.lang / ids.length,
    chanceSameModel: chance.model / ids.length,
    sameLanguage: mean(pairs.sameLanguage),
    sameModel: mean(pairs.sameModel),
    neither: mean(pairs.neither),
  };
}

/**
 * Returns the mean distance between two languages over the models that have both, keyed by `from-to` with sorted
 * languages.
 */
export function languageDistances({ ids, distances }: Centroids): Record<string, { distance: number; models: number }> {
  const parts = ids.map(splitValueId);
  const found = new Map<string, number[]>();
  parts.forEach((from, a) => {
    parts.forEach((to, b) => {
      if (from.model !== to.model || from.lang >= to.lang) return;
      const key = `${from.lang}-${to.lang}`;
      found.set(key, [...(found.get(key) ?? []), distances[a * ids.length + b]!]);
    });
  });
  return Object.fromEntries(
    [...found]
      .sort()
      .map(([key, values]) => [
        key,
        { distance: values.reduce((sum, value) => sum + value, 0) / values.length, models: values.length },
      ]),
  );
}

export interface AnswerPair {
  /** Row numbers. */
  from: number;
  to: number;
  distance: number;
}

/** Returns the nearest and the farthest pair of rows that `compares` accepts, or undefined if it accepts none. */
export function extremePairs(
  { embeddings, dim }: Embeddings,
  rows: readonly number[],
  compares: (from: number, to: number) => boolean,
): { nearest: AnswerPair; farthest: AnswerPair } | undefined {
  let nearest: AnswerPair | undefined;
  let farthest: AnswerPair | undefined;
  for (const [i, from] of rows.entries()) {
    for (const to of rows.slice(i + 1)) {
      if (!compares(from, to)) continue;
      const distance = euclidean(embeddings, from, embeddings, to, dim);
      if (!nearest || distance < nearest.distance) nearest = { from, to, distance };
      if (!farthest || distance > farthest.distance) farthest = { from, to, distance };
    }
  }
  return nearest && farthest && { nearest, farthest };
}

function euclidean(
  a: Float32Array | Float64Array,
  rowOfA: number,
  b: Float32Array | Float64Array,
  rowOfB: number,
  dim: number,
): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) sum += (a[rowOfA * dim + i]! - b[rowOfB * dim + i]!) ** 2;
  return Math.sqrt(sum);
}
