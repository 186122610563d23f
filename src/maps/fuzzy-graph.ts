import { allocateFloat32, allocateInt32 } from '../core/allocate.js';

/**
 * The neighbour graph that UMAP lays out (McInnes, Healy, Melville 2018, section 3.1). Each row is joined to its k
 * nearest rows with strength exp(-(distance - rho) / sigma). Here, rho is the distance of its nearest distinct
 * neighbour, and sigma makes the strengths add up to log2(k + 1), because the reference counts the row itself among its
 * k. The two directions of a pair are combined as a + b - ab.
 */

/** Neighbours of rows from an exact search, nearest first. */
export interface NeighbourTable {
  k: number;
  /** [rows, k] */
  rows: Int32Array;
  /** [rows, k] Euclidean distances. */
  distances: Float64Array;
}

/** Directed edges, both directions of each pair. */
export interface FuzzyGraph {
  from: Int32Array;
  to: Int32Array;
  /** Membership strengths in (0, 1]. */
  strengths: Float32Array;
}

const BISECTIONS = 64;
const TOLERANCE = 1e-5;
/** Minimum sigma as a share of the mean distance; smaller values would make edges vanish. */
const MIN_SIGMA = 1e-3;

/** Computes the strengths [rows, k] of the edges from each row to its neighbours. */
export function membershipStrengths({ k, distances }: NeighbourTable): Float32Array {
  const rows = distances.length / k;
  const overall = distances.reduce((sum, distance) => sum + distance, 0) / Math.max(1, distances.length);
  const target = Math.log2(k + 1);
  const strengths = allocateFloat32(rows * k, 'the edges');
  for (let row = 0; row < rows; row++) {
    const own = distances.subarray(row * k, (row + 1) * k);
    const rho = own.find((distance) => distance > 0) ?? 0;
    const mean = rho > 0 ? own.reduce((sum, distance) => sum + distance, 0) / k : overall;
    const sigma = Math.max(findSigma(own, rho, target), MIN_SIGMA * mean) || 1;
    for (let j = 0; j < k; j++) strengths[row * k + j] = Math.exp(-Math.max(0, own[j]! - rho) / sigma);
  }
  return strengths;
}

function findSigma(distances: Float64Array, rho: number, target: number): number {
  let low = 0;
  let high = Infinity;
  let sigma = 1;
  for (let step = 0; step < BISECTIONS; step++) {
    let sum = 0;
    for (const distance of distances) sum += Math.exp(-Math.max(0, distance - rho) / sigma);
    if (Math.abs(sum - target) < TOLERANCE) break;
    if (sum > target) high = sigma;
    else low = sigma;
    sigma = high === Infinity ? sigma * 2 : (low + high) / 2;
  }
  return sigma;
}

/**
 * Builds the graph.
 *
 * @param table must not list a row among its own neighbours
 */
export function fuzzyGraph(table: NeighbourTable): FuzzyGraph {
  const { k, rows: neighbours } = table;
  const rows = neighbours.length / k;
  const strengths = membershipStrengths(table);
  const from = allocateInt32(2 * rows * k, 'the edges');
  const to = allocateInt32(2 * rows * k, 'the edges');
  const united = allocateFloat32(2 * rows * k, 'the edges');
  let edges = 0;
  const add = (a: number, b: number, strength: number): void => {
    from[edges] = a;
    to[edges] = b;
    united[edges] = strength;
    edges++;
  };
  for (let row = 0; row < rows; row++) {
    for (let j = row * k; j < (row + 1) * k; j++) {
      const other = neighbours[j]!;
      const back = neighbours.subarray(other * k, (other + 1) * k).indexOf(row);
      const there = strengths[j]!;
      if (back < 0) {
        add(row, other, there);
        add(other, row, there);
      } else {
        // The other direction is added at the turn of the other row.
        const here = strengths[other * k + back]!;
        add(row, other, there + here - there * here);
      }
    }
  }
  return { from: from.slice(0, edges), to: to.slice(0, edges), strengths: united.slice(0, edges) };
}
