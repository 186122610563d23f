/**
 * Stochastic gradient descent of UMAP (McInnes, Healy, Melville 2018, section 3.2): edges attract their ends in
 * proportion to their strength, and with every attraction, a row is pushed away from a few random rows. Runs on one
 * thread, so that equal input gives equal output.
 */
import { SeededRandom } from '../core/random.js';
import type { FuzzyGraph } from './fuzzy-graph.js';
import type { UmapCurve } from './umap-curve.js';

const MAX_STEP = 4;
const NEGATIVES = 5;

export interface LayoutOptions {
  /** [rows, 2]: initial positions, updated in place. */
  coordinates: Float32Array;
  curve: UmapCurve;
  epochs: number;
  seed: number;
  /** Called after each epoch. */
  onEpoch?: (done: number) => void;
}

/** Same as in the reference implementation: small graphs need more epochs. */
export function defaultEpochs(rows: number): number {
  return rows <= 10_000 ? 500 : 200;
}

export function layOut(graph: FuzzyGraph, { coordinates, curve, epochs, seed, onEpoch }: LayoutOptions): void {
  const { from, to, strengths } = graph;
  const { a: curveA, b: curveB } = curve;
  const rows = coordinates.length / 2;
  const random = new SeededRandom(seed);
  const strongest = strengths.reduce((best, value) => Math.max(best, value), 0);
  /** Number of epochs between attractions of an edge. The strongest edges attract in each epoch. */
  const periods = Float32Array.from(strengths, (strength) => strongest / strength);
  const nextPull = periods.slice();
  const nextPush = periods.map((period) => period / NEGATIVES);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const rate = 1 - epoch / epochs;
    for (let edge = 0; edge < periods.length; edge++) {
      if (nextPull[edge]! > epoch) continue;
      const a = 2 * from[edge]!;
      const b = 2 * to[edge]!;
      const squared = squaredDistance(coordinates, a, b);
      if (squared > 0) {
        const power = raise(squared, curveB);
        const pull = (-2 * curveA * curveB * power) / (squared * (curveA * power + 1));
        for (let axis = 0; axis < 2; axis++) {
          const step = rate * clip(pull * (coordinates[a + axis]! - coordinates[b + axis]!));
          coordinates[a + axis]! += step;
          coordinates[b + axis]! -= step;
        }
      }
      nextPull[edge]! += periods[edge]!;
      const period = periods[edge]! / NEGATIVES;
      const pushes = Math.max(0, Math.floor((epoch - nextPush[edge]!) / period));
      for (let push = 0; push < pushes; push++)
        pushApart(coordinates, a, 2 * random.integer(rows), rate, curveA, curveB);
      nextPush[edge]! += pushes * period;
    }
    onEpoch?.(epoch + 1);
  }
}

/** Moves only `a`: the random row has its own turns. */
function pushApart(
  coordinates: Float32Array,
  a: number,
  b: number,
  rate: number,
  curveA: number,
  curveB: number,
): void {
  const squared = squaredDistance(coordinates, a, b);
  if (squared === 0) return;
  const push = (2 * curveB) / ((0.001 + squared) * (curveA * raise(squared, curveB) + 1));
  for (let axis = 0; axis < 2; axis++)
    coordinates[a + axis]! += rate * clip(push * (coordinates[a + axis]! - coordinates[b + axis]!));
}

function squaredDistance(coordinates: Float32Array, a: number, b: number): number {
  const x = coordinates[a]! - coordinates[b]!;
  const y = coordinates[a + 1]! - coordinates[b + 1]!;
  return x * x + y * y;
}

/** Computes x^exponent for x > 0 in half the time of Math.pow. The last digits do not matter here. */
function raise(x: number, exponent: number): number {
  return Math.exp(exponent * Math.log(x));
}

function clip(value: number): number {
  return Math.max(-MAX_STEP, Math.min(MAX_STEP, value));
}
