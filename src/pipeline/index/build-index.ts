import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { allocateFloat32 } from '../../core/allocate.js';
import { expectCallback, expectOptions, expectSignal } from '../../core/validate.js';
import type { Dataset } from '../../datasets/dataset.js';
import type { EmbeddingShards } from '../../datasets/embedding-shards.js';
import type { CallOptions } from '../../native/call.js';
import type { IndexMetric } from '../../native/metrics.js';
import { VectorIndex } from '../../search/vector-index.js';
import { DESCRIPTION_FILE, INDEX_FILE, type IndexDescription, readIndexDescription } from './saved-index.js';
import { searchedVectors, type VectorSource } from './vector-source.js';

/** Vectors that are added in one step, and held in memory beside the index. */
const ADD_ROWS = 16_384;
/** Vectors for training lists and codes; FAISS uses at most 256 per list. */
const TRAIN_ROWS = 262_144;

export interface BuildIndexOptions extends CallOptions {
  /** FAISS factory string: see {@link VectorIndexOptions.factory}. @default 'HNSW32' */
  factory?: string | undefined;
  /** @default 'l2' */
  metric?: IndexMetric | undefined;
  /** HNSW: candidates kept in the search for the links of a new vector. @default 40 */
  efConstruction?: number | undefined;
}

/** The index that {@link buildIndex} saved. */
export interface BuiltIndex extends IndexDescription {
  /** Path of the file. */
  path: string;
  bytes: number;
}

/**
 * Builds an index over all answers of a dataset and saves it in the dataset folder, replacing an earlier one: over the
 * vectors of the fitted encoder if the dataset has one (see `fitDataset`), otherwise over those of its own encoder.
 * `onProgress` receives the number of vectors added so far.
 *
 * @param dataset a dataset or its folder
 * @throws EngineError like `openDataset`, `openFit` and {@link VectorIndex}
 */
export async function buildIndex(dataset: Dataset | string, options?: BuildIndexOptions): Promise<BuiltIndex> {
  const checked = expectIndexOptions(options, 'options');
  const { vectors, indexDir } = await searchedVectors(dataset);
  return writeIndex(vectors, indexDir, checked);
}

/**
 * Builds the saved index over the searched vectors of a dataset again, with its settings, if the vectors have changed.
 *
 * @returns undefined if there is no index, or it is current
 * @throws EngineError like {@link buildIndex}
 */
export async function rebuildIndex(
  { vectors, indexDir }: VectorSource,
  options: CallOptions,
): Promise<BuiltIndex | undefined> {
  const earlier = await readIndexDescription(indexDir);
  if (earlier?.factory === undefined || earlier.embeddings === vectors.embeddingsChecksum) return undefined;
  const { factory, metric, efConstruction } = earlier;
  return writeIndex(vectors, indexDir, { ...options, factory, metric, efConstruction });
}

/** @throws EngineError `ERR_ARG_TYPE` */
export function expectIndexOptions(options: unknown, name: string): BuildIndexOptions {
  const given = expectOptions(options, name, ['factory', 'metric', 'efConstruction', 'signal', 'onProgress']);
  expectSignal(given['signal'], 'signal');
  expectCallback(given['onProgress'] as BuildIndexOptions['onProgress'], 'onProgress');
  return given as BuildIndexOptions;
}

/** Builds an index over vectors and saves it in a folder, with checked options. */
export async function writeIndex(
  vectors: EmbeddingShards,
  dir: string,
  { factory = 'HNSW32', metric = 'l2', efConstruction, signal, onProgress }: BuildIndexOptions,
): Promise<BuiltIndex> {
  const { dim, rows } = vectors;
  const building = efConstruction === undefined ? {} : { efConstruction };
  const index = await VectorIndex.create({ dim, metric, factory, ...building });
  try {
    if (!index.isTrained) await index.train(await sampleRows(vectors, TRAIN_ROWS), { signal });
    await index.reserve(rows);
    for await (const batch of vectors.embeddingBatches(ADD_ROWS)) {
      const before = index.rows;
      await index.add(batch, { signal, onProgress: (done) => onProgress?.(before + done) });
    }
    const embeddings = vectors.embeddingsChecksum;
    const selfRecall = await index.selfRecall({ signal });
    const description: IndexDescription = { factory: index.factory, metric, rows, ...building, selfRecall, embeddings };
    const path = join(dir, INDEX_FILE);
    await index.save(path);
    await writeFile(join(dir, DESCRIPTION_FILE), `${JSON.stringify(description, null, 2)}\n`);
    return { ...description, path, bytes: (await stat(path)).size };
  } finally {
    await index.dispose();
  }
}

/**
 * Reads up to `count` rows, evenly spaced, so that the sample covers all models even if the dataset is sorted by model.
 */
async function sampleRows(vectors: EmbeddingShards, count: number): Promise<Float32Array> {
  const { dim, rows } = vectors;
  const sampled = Math.min(rows, count);
  if (sampled === rows) return vectors.readEmbeddings();
  const sample = allocateFloat32(sampled * dim, 'the training sample');
  let taken = 0;
  let first = 0;
  for await (const batch of vectors.embeddingBatches(ADD_ROWS)) {
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
