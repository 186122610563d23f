/** The index of a dataset: DIR/index.faiss, and DIR/index.json with what it was built from. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import type { Dataset } from '../datasets/dataset.js';
import type { IndexMetric } from '../native/metrics.js';
import { VectorIndex } from '../search/vector-index.js';

export const INDEX_FILE = 'index.faiss';
const DESCRIPTION_FILE = 'index.json';

/** Vectors that are added, and held in memory beside the index, at once. */
const ADD_ROWS = 16_384;
/** Vectors that lists and codes are learnt from; FAISS takes at most 256 for each list. */
const TRAIN_ROWS = 262_144;

export interface BuildIndexOptions {
  factory: string;
  metric: IndexMetric;
  efConstruction?: number | undefined;
  signal: AbortSignal;
  /** Receives the number of vectors added. */
  onProgress?: (rows: number) => void;
}

export interface IndexDescription {
  /** In canonical form. */
  factory: string;
  metric: IndexMetric;
  rows: number;
  /** Where it was given. */
  efConstruction?: number;
  /** What they were: see `Dataset.embeddingsChecksum`. */
  embeddings: string;
}

/**
 * Builds an index over all embeddings of a dataset and saves it in its folder, in place of one that is there.
 *
 * @returns the size of the file in bytes
 * @throws EngineError as {@link VectorIndex}
 */
export async function buildDatasetIndex(
  dataset: Dataset,
  options: BuildIndexOptions,
): Promise<IndexDescription & { bytes: number }> {
  const { factory, metric, efConstruction, signal, onProgress } = options;
  const { dir, dim, rows } = dataset;
  const index = await VectorIndex.create({
    dim,
    metric,
    factory,
    ...(efConstruction !== undefined && { efConstruction }),
  });
  try {
    if (!index.isTrained) await index.train(await sampleRows(dataset, TRAIN_ROWS), { signal });
    await index.reserve(rows);
    for await (const batch of dataset.embeddingBatches(ADD_ROWS)) {
      const before = index.rows;
      await index.add(batch, { signal, onProgress: (done) => onProgress?.(before + done) });
    }
    const description = {
      factory: index.factory,
      metric,
      rows,
      ...(efConstruction !== undefined && { efConstruction }),
      embeddings: dataset.embeddingsChecksum,
    };
    await index.save(join(dir, INDEX_FILE));
    await writeFile(join(dir, DESCRIPTION_FILE), `${JSON.stringify(description, null, 2)}\n`);
    return { ...description, bytes: (await stat(join(dir, INDEX_FILE))).size };
  } finally {
    await index.dispose();
  }
}

/**
 * The saved index of a dataset.
 *
 * @param map as in {@link VectorIndex.load}
 * @returns undefined where there is none; `'stale'` where it was built from other embeddings
 * @throws EngineError `ERR_DATA` for a damaged file
 */
export async function loadDatasetIndex(
  dataset: Dataset,
  { map = false }: { map?: boolean } = {},
): Promise<VectorIndex | 'stale' | undefined> {
  const description = await readIndexDescription(dataset.dir);
  if (!description) return undefined;
  if (description.embeddings !== dataset.embeddingsChecksum) return 'stale';
  const index = await VectorIndex.load(join(dataset.dir, INDEX_FILE), { map });
  if (index.rows === dataset.rows && index.dim === dataset.dim) return index;
  await index.dispose();
  return 'stale';
}

/**
 * What the index of a dataset folder is, also one that is stale.
 *
 * @returns undefined where there is none
 * @throws EngineError `ERR_DATA` for a damaged file
 */
export async function readIndexDescription(dir: string): Promise<Partial<IndexDescription> | undefined> {
  const path = join(dir, DESCRIPTION_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as Partial<IndexDescription>;
  } catch (cause) {
    throw new EngineError('ERR_DATA', `${path} is damaged; run "univar index" again`, { cause });
  }
}

/** At most `count` rows, evenly spaced, so that a dataset in the order of its models is well represented. */
async function sampleRows(dataset: Dataset, count: number): Promise<Float32Array> {
  const { dim, rows } = dataset;
  const sampled = Math.min(rows, count);
  if (sampled === rows) return dataset.readEmbeddings();
  const sample = new Float32Array(sampled * dim);
  let taken = 0;
  let first = 0;
  for await (const batch of dataset.embeddingBatches(ADD_ROWS)) {
    const end = first + batch.length / dim;
    for (
      let row = Math.floor((taken * rows) / sampled);
      row < end && taken < sampled;
      row = Math.floor((taken * rows) / sampled)
    ) {
      sample.set(batch.subarray((row - first) * dim, (row - first + 1) * dim), taken * dim);
      taken++;
    }
    first = end;
  }
  return sample;
}
