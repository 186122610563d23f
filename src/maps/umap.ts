/** UMAP of embeddings. The exact search of the addon finds the nearest neighbours. */

import { abortError, onAbort, throwIfAborted } from '../core/abort.js';
import { allocateFloat32, allocateFloat64, allocateInt32 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import { SeededRandom } from '../core/random.js';
import { startWorker } from '../core/start-module.js';
import { similarityTopK } from '../native/top-k.js';
import { membershipStrengths, type NeighbourTable } from './fuzzy-graph.js';
import { principalComponents } from './pca.js';
import { fitCurve } from './umap-curve.js';
import { defaultEpochs } from './umap-layout.js';
import type { UmapReply, UmapTask } from './umap-worker.js';

/** Number of queries between two reports of progress. */
const SEARCH_ROWS = 16_384;
/** Half the width of the initial layout, as in the reference implementation. */
const START_RADIUS = 10;
/** Separates rows that start at the same place. */
const JITTER = 1e-4;

export interface UmapSettings {
  dim: number;
  neighbours: number;
  minDistance: number;
  seed: number;
  signal: AbortSignal | undefined;
  onProgress: ((phase: 'search' | 'layout', done: number, total: number) => void) | undefined;
}

/**
 * Lays out rows by UMAP. The layout starts from the principal components, which keeps the large-scale arrangement
 * (Kobak and Linderman 2021).
 *
 * @param embeddings [rows, dim] with at least `neighbours` rows
 * @returns [rows, 2]
 */
export async function umap(embeddings: Float32Array, settings: UmapSettings): Promise<Float32Array> {
  const { dim, neighbours, minDistance, seed, signal, onProgress } = settings;
  const rows = embeddings.length / dim;
  const table = withoutSelf(await findNeighbours(embeddings, embeddings, neighbours, settings));
  const { coordinates } = await principalComponents(embeddings, rows, dim, signal);
  const epochs = defaultEpochs(rows);
  return runWorker(
    { table, start: startFrom(coordinates, seed), curve: fitCurve(minDistance), epochs, seed },
    signal,
    (done) => onProgress?.('layout', done, epochs),
  );
}

/**
 * Places more rows in a layout, each at the mean of its nearest neighbours, weighted by the strengths of the edges to
 * them.
 *
 * @param laidOut [rows, dim], `coordinates` [rows, 2]
 * @returns [number of `others`, 2]
 */
export async function placeByNeighbours(
  laidOut: Float32Array,
  coordinates: Float32Array,
  others: Float32Array,
  settings: UmapSettings,
): Promise<Float32Array> {
  const table = await findNeighbours(laidOut, others, settings.neighbours, settings);
  const { k, rows } = table;
  const strengths = membershipStrengths(table);
  const placed = allocateFloat32((rows.length / k) * 2, 'the coordinates');
  for (let other = 0; other < placed.length / 2; other++) {
    let total = 0;
    const sum = [0, 0];
    for (let j = other * k; j < (other + 1) * k; j++) {
      total += strengths[j]!;
      for (const axis of [0, 1]) sum[axis]! += strengths[j]! * coordinates[rows[j]! * 2 + axis]!;
    }
    for (const axis of [0, 1]) placed[other * 2 + axis] = sum[axis]! / total;
  }
  return placed;
}

async function findNeighbours(
  base: Float32Array,
  queries: Float32Array,
  k: number,
  { dim, signal, onProgress }: UmapSettings,
): Promise<NeighbourTable> {
  const count = queries.length / dim;
  const table = {
    k,
    rows: allocateInt32(count * k, 'the neighbours'),
    distances: allocateFloat64(count * k, 'the distances'),
  };
  for (let first = 0; first < count; first += SEARCH_ROWS) {
    const some = queries.subarray(first * dim, (first + SEARCH_ROWS) * dim);
    const { labels, distances } = await similarityTopK({ base, queries: some, dim, k, metric: 'l2', signal });
    table.rows.set(labels, first * k);
    table.distances.set(distances.map(Math.sqrt), first * k);
    onProgress?.('search', Math.min(count, first + SEARCH_ROWS), count);
  }
  return table;
}

/**
 * Removes each row from its own neighbours. If more than k rows equal it, it can be missing; then its last neighbour is
 * removed.
 */
function withoutSelf({ k, rows, distances }: NeighbourTable): NeighbourTable {
  const count = rows.length / k;
  const kept = {
    k: k - 1,
    rows: allocateInt32(count * (k - 1), 'the neighbours'),
    distances: allocateFloat64(count * (k - 1), 'the distances'),
  };
  for (let row = 0; row < count; row++) {
    const found = rows.subarray(row * k, (row + 1) * k).indexOf(row);
    const self = found < 0 ? k - 1 : found;
    for (let j = 0, out = row * (k - 1); j < k; j++) {
      if (j === self) continue;
      kept.rows[out] = rows[row * k + j]!;
      kept.distances[out] = distances[row * k + j]!;
      out++;
    }
  }
  return kept;
}

function startFrom(coordinates: Float32Array, seed: number): Float32Array {
  const random = SeededRandom.stream(seed, 1);
  const extent = coordinates.reduce((best, value) => Math.max(best, Math.abs(value)), 0) || 1;
  return coordinates.map((value) => (value / extent) * START_RADIUS + (random.next() - 0.5) * JITTER);
}

async function runWorker(
  task: UmapTask,
  signal: AbortSignal | undefined,
  onEpoch: (done: number) => void,
): Promise<Float32Array> {
  throwIfAborted(signal);
  const worker = startWorker('maps/umap-worker', { workerData: task });
  let forget = (): void => undefined;
  try {
    return await new Promise<Float32Array>((resolve, reject) => {
      worker.on('message', (reply: UmapReply) => {
        if (reply.kind === 'end') resolve(reply.coordinates);
        else onEpoch(reply.done);
      });
      worker.once('error', reject);
      worker.once('exit', (code) => {
        reject(new EngineError('ERR_INTERNAL', `The layout thread ended early with code ${code}`));
      });
      forget = onAbort(signal, () => reject(abortError(signal)));
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
      throw new EngineError(
        'ERR_OUT_OF_MEMORY',
        `The layout of ${task.start.length / 2} rows needs more memory than is available; lay out a smaller sample`,
        { cause: error },
      );
    }
    throw error;
  } finally {
    forget();
    await worker.terminate();
  }
}
