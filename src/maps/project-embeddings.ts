import { allocateFloat32 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import {
  expectCallback,
  expectFiniteVectors,
  expectInRange,
  expectInt32,
  expectInteger,
  expectOneOf,
  expectOptions,
  expectSignal,
  fail,
} from '../core/validate.js';
import { principalComponents } from './pca.js';
import { placeByNeighbours, type UmapSettings, umap } from './umap.js';

export const PROJECTION_METHODS = ['umap', 'pca'] as const;

/**
 * How embeddings become points of a map: see {@link ProjectOptions.method}.
 *
 * @useDeclaredType
 */
export type ProjectionMethod = (typeof PROJECTION_METHODS)[number];

/**
 * Phase of UMAP and the unit of its progress: search for nearest neighbours (rows), layout (epochs), placement of the
 * other rows (rows).
 */
export type ProjectionPhase = 'search' | 'layout' | 'place';

/** Options of `projectEmbeddings`. */
export interface ProjectOptions {
  /** Number of entries of an embedding. */
  dim: number;
  /**
   * `'umap'` keeps neighbours together: close points are similar, but sizes and gaps of clusters mean little. `'pca'`
   * shows the two directions of largest variance: it is fast and preserves the global structure, but points overlap.
   * @default 'umap'
   */
  method?: ProjectionMethod;
  /** Seed of UMAP's layout; PCA needs none. @default 1 */
  seed?: number;
  /**
   * UMAP: number of nearest rows, including itself, that a row is kept close to, 3 to 200, or all rows if there are
   * fewer. Small values show local detail, large values the global structure. @default 15
   */
  neighbours?: number;
  /**
   * UMAP: minimum distance of rows in the layout, 0 to 1, where 1 is the distance over which attraction fades. Small
   * values make tight clusters, large values separate their members. @default 0.5
   */
  minDistance?: number;
  /**
   * UMAP: ascending numbers of the rows to lay out, at least 3. Every other row is placed at the weighted mean of its
   * nearest rows among them. Default: all rows
   */
  sample?: Int32Array;
  signal?: AbortSignal;
  onProgress?: (phase: ProjectionPhase, done: number, total: number) => void;
}

/** Coordinates of vectors on a map. */
export interface Projection {
  method: ProjectionMethod;
  /** [rows, 2], row-major. */
  coordinates: Float32Array;
  /** PCA: share of the variance along each axis. */
  explained?: [number, number];
  /** Number of rows that were laid out: all, or those of `sample`. */
  laidOut: number;
}

const KEYS = ['dim', 'method', 'seed', 'neighbours', 'minDistance', 'sample', 'signal', 'onProgress'] as const;
const MAX_NEIGHBOURS = 200;

/**
 * Projects embeddings to two dimensions, by UMAP (McInnes, Healy, Melville 2018) or principal components. Distances are
 * Euclidean. Equal input gives equal output on one machine and version of Node.
 *
 * @param embeddings [rows, dim], row-major; at least 2 rows, 3 for UMAP
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` naming the row,
 *   `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`
 */
export async function projectEmbeddings(embeddings: Float32Array, options: ProjectOptions): Promise<Projection> {
  const given = expectOptions(options, 'options', KEYS);
  const dim = expectInteger(given.dim, 'dim', 1);
  const method = expectOneOf(given.method ?? 'umap', 'method', PROJECTION_METHODS);
  const seed = expectInteger(given.seed ?? 1, 'seed', 0);
  const neighbours = expectInteger(given.neighbours ?? 15, 'neighbours', 3, MAX_NEIGHBOURS);
  const minDistance = expectInRange(given.minDistance ?? 0.5, 'minDistance', 0, 1);
  const signal = expectSignal(given.signal, 'signal');
  const onProgress = expectCallback(given.onProgress as ProjectOptions['onProgress'], 'onProgress');
  const rows = expectFiniteVectors(embeddings, 'embeddings', dim);
  const least = method === 'umap' ? 3 : 2;
  if (rows < least)
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at least ${least} rows for "embeddings" (method ${method}), got ${rows}`,
    );
  if (method === 'pca') {
    const { coordinates, explained } = await principalComponents(embeddings, rows, dim, signal);
    return { method, coordinates, explained, laidOut: rows };
  }
  const settings = { dim, minDistance, seed, signal, onProgress };
  const sample = given.sample === undefined ? undefined : expectSample(given.sample, rows);
  if (!sample || sample.length === rows) {
    const coordinates = await umap(embeddings, { ...settings, neighbours: Math.min(neighbours, rows) });
    return { method, coordinates, laidOut: rows };
  }
  return {
    method,
    coordinates: await projectSample(
      embeddings,
      sample,
      { ...settings, neighbours: Math.min(neighbours, sample.length) },
      onProgress,
    ),
    laidOut: sample.length,
  };
}

async function projectSample(
  embeddings: Float32Array,
  sample: Int32Array,
  settings: UmapSettings,
  onProgress: ProjectOptions['onProgress'],
): Promise<Float32Array> {
  const { dim } = settings;
  const rows = embeddings.length / dim;
  const sampled = new Set(sample);
  const others = Int32Array.from({ length: rows - sample.length }, nextOutside(sampled));
  const base = gather(embeddings, sample, dim);
  const laidOut = await umap(base, settings);
  const placed = await placeByNeighbours(base, laidOut, gather(embeddings, others, dim), {
    ...settings,
    onProgress: (_, done, total) => onProgress?.('place', done, total),
  });
  const coordinates = allocateFloat32(rows * 2, 'the coordinates');
  sample.forEach((row, i) => {
    coordinates.set(laidOut.subarray(2 * i, 2 * i + 2), 2 * row);
  });
  others.forEach((row, i) => {
    coordinates.set(placed.subarray(2 * i, 2 * i + 2), 2 * row);
  });
  return coordinates;
}

/** Returns a function that returns the next row outside the set, from 0. */
function nextOutside(rows: ReadonlySet<number>): () => number {
  let next = 0;
  return () => {
    while (rows.has(next)) next++;
    return next++;
  };
}

function gather(embeddings: Float32Array, rows: Int32Array, dim: number): Float32Array {
  const gathered = allocateFloat32(rows.length * dim, 'the selected rows');
  rows.forEach((row, i) => {
    gathered.set(embeddings.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  return gathered;
}

function expectSample(value: unknown, rows: number): Int32Array {
  if (!(value instanceof Int32Array)) fail('ERR_ARG_TYPE', 'an Int32Array', 'sample', value);
  expectInt32(value, 'sample', value.length, 0, rows - 1);
  if (value.length < 3) fail('ERR_ARG_RANGE', 'at least 3 rows', 'sample', value);
  const disorder = value.findIndex((row, i) => i > 0 && row <= value[i - 1]!);
  if (disorder >= 0) fail('ERR_ARG_RANGE', 'ascending row numbers', `sample[${disorder}]`, value[disorder]);
  return value;
}
