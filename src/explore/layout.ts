/**
 * Coordinates of the answers of a dataset, computed once. They are made from the vectors of the encoder that embedded
 * the dataset, never from those of its fit: an encoder draws the answers that it was fitted on too far apart.
 */
import { allocateFloat32 } from '../core/allocate.js';
import type { Dataset } from '../datasets/dataset.js';
import { type ProjectionMethod, type ProjectionPhase, projectEmbeddings } from '../maps/project-embeddings.js';
import { stratifiedSample } from '../maps/stratified-sample.js';
import { placeByNeighbours } from '../maps/umap.js';
import type { DerivedFolder } from './derived/derived-folder.js';

export interface LayoutSettings {
  method: ProjectionMethod;
  neighbours: number;
  minDistance: number;
  seed: number;
  /** UMAP lays out this many answers. The others are placed by their neighbours among them. */
  sample: number;
}

export interface LayoutOptions {
  settings: LayoutSettings;
  signal: AbortSignal | undefined;
  onProgress: (phase: ProjectionPhase, done: number, total: number) => void;
}

export interface Layout {
  /** [rows, 2] */
  coordinates: Float32Array;
  /** Ascending rows that were laid out. */
  laidOut: Int32Array;
  /** Whether it was read from disk, completed with answers that were added, or computed. */
  origin: 'saved' | 'extended' | 'computed';
}

/** What a layout was made from. */
interface Made {
  settings: LayoutSettings;
  /** Checksums of the embeddings of the shards, in order. */
  shards: string[];
}

const FILE = 'coordinates.bin';
/** Rows that are placed at a time. */
const BATCH_ROWS = 16_384;

/**
 * Reads the layout of a dataset, or computes and saves it. If answers were added at the end since it was saved, only
 * those are placed, at their nearest neighbours, unless they are more than the map had.
 *
 * @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`, `ERR_NON_FINITE`
 */
export async function loadLayout(dataset: Dataset, folder: DerivedFolder, options: LayoutOptions): Promise<Layout> {
  const made: Made = {
    settings: options.settings,
    shards: dataset.manifest.shards.map(({ embeddings }) => embeddings.sha256),
  };
  const saved = await readSaved(folder, made, dataset);
  if (saved?.coordinates.length === dataset.rows * 2) return saved;
  const canExtend = saved && options.settings.method === 'umap' && dataset.rows <= saved.coordinates.length;
  const layout = canExtend ? await extend(saved, dataset, options) : await compute(dataset, options);
  const { coordinates, laidOut } = layout;
  await folder.write(FILE, { made, data: null, arrays: { coordinates, laidOut } });
  return layout;
}

/** Reads the saved layout if it was made with these settings from the first shards of the dataset. */
async function readSaved(folder: DerivedFolder, made: Made, dataset: Dataset): Promise<Layout | undefined> {
  const file = await folder.read(FILE);
  const { settings, shards } = (file?.made ?? {}) as Partial<Made>;
  const { coordinates, laidOut } = file?.arrays ?? {};
  if (!Array.isArray(shards) || JSON.stringify(settings) !== JSON.stringify(made.settings)) return undefined;
  if (!(coordinates instanceof Float32Array) || !(laidOut instanceof Int32Array)) return undefined;
  const rows = dataset.manifest.shards.slice(0, shards.length).reduce((sum, shard) => sum + shard.rows, 0);
  const isStart = shards.every((sha256, i) => sha256 === made.shards[i]);
  return isStart && coordinates.length === rows * 2 ? { coordinates, laidOut, origin: 'saved' } : undefined;
}

async function compute(dataset: Dataset, { settings, signal, onProgress }: LayoutOptions): Promise<Layout> {
  const { rows, dim } = dataset;
  const { sample: most, ...projection } = settings;
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  if (rows < 3)
    return { coordinates: Float32Array.of(0, 0, 1, 0).slice(0, 2 * rows), laidOut: all, origin: 'computed' };
  let laidOut: Int32Array = all;
  if (settings.method === 'umap' && most < rows) {
    const { names, labels } = await dataset.readValueIds({ signal });
    laidOut = stratifiedSample(labels, names.length, most, settings.seed);
  }
  const { coordinates } = await projectEmbeddings(await dataset.readEmbeddings(), {
    dim,
    ...projection,
    onProgress,
    ...(signal && { signal }),
    ...(laidOut.length < rows && { sample: laidOut }),
  });
  return { coordinates, laidOut, origin: 'computed' };
}

async function extend(
  saved: Layout,
  dataset: Dataset,
  { settings, signal, onProgress }: LayoutOptions,
): Promise<Layout> {
  const { rows, dim } = dataset;
  const { laidOut } = saved;
  const coordinates = allocateFloat32(rows * 2, 'the coordinates');
  coordinates.set(saved.coordinates);
  const base = allocateFloat32(laidOut.length * dim, 'the rows that were laid out');
  const baseCoordinates = new Float32Array(laidOut.length * 2);
  const reader = dataset.openEmbeddings();
  try {
    for (const [i, row] of laidOut.entries()) {
      await reader.read(row, base.subarray(i * dim, (i + 1) * dim));
      baseCoordinates.set(coordinates.subarray(2 * row, 2 * row + 2), 2 * i);
    }
    const first = saved.coordinates.length / 2;
    const { neighbours: k, minDistance, seed } = settings;
    const neighbours = Math.min(k, laidOut.length);
    for (let row = first; row < rows; row += BATCH_ROWS) {
      const end = Math.min(rows, row + BATCH_ROWS);
      const others = allocateFloat32((end - row) * dim, 'the added rows');
      await reader.read(row, others);
      const place = { dim, neighbours, minDistance, seed, signal, onProgress: undefined };
      coordinates.set(await placeByNeighbours(base, baseCoordinates, others, place), 2 * row);
      onProgress('place', end - first, rows - first);
    }
  } finally {
    await reader.close();
  }
  return { coordinates, laidOut, origin: 'extended' };
}
