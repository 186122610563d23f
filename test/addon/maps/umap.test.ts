import { UMAP } from 'umap-js';
import { describe, expect, it } from 'vitest';

import { fuzzyGraph, membershipStrengths, type NeighbourTable } from '../../../src/maps/fuzzy-graph.js';
import { projectEmbeddings } from '../../../src/maps/project-embeddings.js';
import { fitCurve } from '../../../src/maps/umap-curve.js';
import type { SearchResult } from '../../../src/native/search-result.js';
import { similarityTopK } from '../../../src/native/top-k.js';
import { randomClusters, seededRandom } from '../../support/random.js';

const DIM = 12;
const ROWS = 240;
const K = 10;

function nearest(x: Float32Array, dim: number, k: number): Promise<SearchResult> {
  return similarityTopK({ base: x, queries: x, dim, k, metric: 'l2' });
}

/** Finds the neighbours of every row without itself. */
async function tableOf(x: Float32Array, k: number): Promise<NeighbourTable> {
  const found = await nearest(x, DIM, k + 1);
  const keep = <T extends Int32Array | Float64Array>(all: T): T => all.filter((_, i) => i % (k + 1) !== 0) as T;
  return { k, rows: keep(found.labels), distances: keep(Float64Array.from(found.distances, Math.sqrt)) };
}

/** Returns the share of the k nearest in the embeddings that are among the k nearest in the layout. */
async function preserved(x: Float32Array, layout: Float32Array): Promise<number> {
  const high = await nearest(x, DIM, K);
  const low = await nearest(layout, 2, K);
  let hits = 0;
  for (let row = 0; row < x.length / DIM; row++) {
    const near = new Set(high.labels.subarray(row * K, (row + 1) * K));
    for (const other of low.labels.subarray(row * K, (row + 1) * K)) if (near.has(other)) hits++;
  }
  return hits / high.labels.length;
}

/** Runs npm umap-js, the reference, on the same neighbours. */
async function oracle(x: Float32Array): Promise<UMAP> {
  const { labels, distances } = await nearest(x, DIM, K);
  const split = (all: Int32Array | Float32Array): number[][] =>
    Array.from({ length: ROWS }, (_, i) => [...all.subarray(i * K, (i + 1) * K)]);
  const umap = new UMAP({ nNeighbors: K, minDist: 0.1, random: seededRandom(1) });
  umap.setPrecomputedKNN(split(labels), split(distances.map(Math.sqrt)));
  umap.initializeFit(split(labels));
  return umap;
}

describe('the neighbour graph', () => {
  it('has strengths that add up to log2(k + 1), with 1 for the nearest', async () => {
    const strengths = membershipStrengths(await tableOf(randomClusters(ROWS, DIM, 4, 3), 9));
    for (let row = 0; row < ROWS; row++) {
      const own = strengths.subarray(row * 9, (row + 1) * 9);
      expect(own[0]).toBe(1);
      expect(own.reduce((a, b) => a + b, 0)).toBeCloseTo(Math.log2(10), 3);
    }
  });

  it('has the edges and strengths of umap-js', async () => {
    const x = randomClusters(ROWS, DIM, 4, 3);
    const { from, to, strengths } = fuzzyGraph(await tableOf(x, K - 1));
    const { graph } = (await oracle(x)) as unknown as {
      graph: { get(row: number, col: number): number; getValues(): number[] };
    };
    expect(strengths.length).toBe(graph.getValues().filter((value) => value > 0).length);
    strengths.forEach((strength, edge) => expect(strength).toBeCloseTo(graph.get(from[edge]!, to[edge]!), 4));
  });

  it('is finite for rows that are all equal', () => {
    const strengths = membershipStrengths({
      k: 3,
      rows: Int32Array.of(1, 2, 3, 0, 2, 3),
      distances: new Float64Array(6),
    });
    expect([...strengths]).toEqual([1, 1, 1, 1, 1, 1]);
  });
});

describe('the curve of the layout', () => {
  it.each([
    // find_ab_params of the reference implementation, umap-learn
    { minDistance: 0.1, a: 1.5769, b: 0.8951 },
    { minDistance: 0.5, a: 0.583, b: 1.334 },
  ])('equals that of the reference for a distance of $minDistance', ({ minDistance, a, b }) => {
    const curve = fitCurve(minDistance);
    expect(curve.a).toBeCloseTo(a, 3);
    expect(curve.b).toBeCloseTo(b, 3);
  });

  it.each([0, 0.001, 0.3, 0.9, 1])('can be fitted for %d', (minDistance) => {
    const { a, b } = fitCurve(minDistance);
    expect(a).toBeGreaterThan(0);
    expect(b).toBeGreaterThan(0.5);
    expect(1 / (1 + a * 3 ** (2 * b))).toBeLessThan(0.2);
  });
});

describe('UMAP', () => {
  const x = randomClusters(ROWS, DIM, 4, 3);

  it('keeps as many neighbours as umap-js', async () => {
    const { coordinates } = await projectEmbeddings(x, { dim: DIM, neighbours: K, minDistance: 0.1 });
    const umap = await oracle(x);
    for (let epoch = 0; epoch < 500; epoch++) umap.step();
    const theirs = await preserved(x, Float32Array.from(umap.getEmbedding().flat()));
    expect(await preserved(x, coordinates)).toBeGreaterThan(theirs - 0.03);
  });

  it('gives the same layout for the same seed, and another one for another seed', async () => {
    const run = async (seed: number): Promise<Float32Array> =>
      (await projectEmbeddings(x, { dim: DIM, seed })).coordinates;
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  it('places the rows outside a sample near those of their cluster', async () => {
    const sample = Int32Array.from({ length: ROWS / 2 }, (_, i) => 2 * i);
    const phases = new Set<string>();
    const { coordinates, laidOut } = await projectEmbeddings(x, {
      dim: DIM,
      neighbours: K,
      sample,
      onProgress: (phase) => phases.add(phase),
    });
    expect(laidOut).toBe(ROWS / 2);
    expect([...phases]).toEqual(['search', 'layout', 'place']);
    const high = await nearest(x, DIM, 2);
    const width = Math.max(...coordinates) - Math.min(...coordinates);
    const distances = Array.from({ length: ROWS }, (_, row) => {
      const other = high.labels[2 * row + 1]!;
      return Math.hypot(
        coordinates[2 * row]! - coordinates[2 * other]!,
        coordinates[2 * row + 1]! - coordinates[2 * other + 1]!,
      );
    }).sort((a, b) => a - b);
    expect(distances[ROWS / 2]).toBeLessThan(width / 10);
  });
});
