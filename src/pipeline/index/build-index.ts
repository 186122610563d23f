import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { allocateFloat32 } from '../../core/allocate.js';
import { expectCallback, expectOptions, expectSignal } from '../../core/validate.js';
import { type Dataset, givenDataset } from '../../datasets/dataset.js';
import type { CallOptions } from '../../native/call.js';
import type { IndexMetric } from '../../native/metrics.js';
import { VectorIndex } from '../../search/vector-index.js';
import { DESCRIPTION_FILE, INDEX_FILE, type IndexDescription } from './saved-index.js';

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
 * Builds an index over all embeddings of a dataset and saves it in the dataset folder, replacing an earlier one.
 * `onProgress` receives the number of vectors added so far.
 *
 * @param dataset a dataset or its folder
 * @throws EngineError like `openDataset` and {@link VectorIndex}
 */
export async function buildIndex(dataset: Dataset | string, options?: BuildIndexOptions): Promise<BuiltIndex> {
  const given = expectOptions(options, 'options', ['factory', 'metric', 'efConstruction', 'signal', 'onProgress']);
  const { factory = 'HNSW32', metric = 'l2', efConstruction, signal, onProgress } = given as BuildIndexOptions;
  expectSignal(signal, 'signal');
  expectCallback(onProgress, 'onProgress');
  const source = await givenDataset(dataset);
  const { dir, dim, rows } = source;
  const building = efConstruction === undefined ? {} : { efConstruction };
  const index = await VectorIndex.create({ dim, metric, factory, ...building });
  try {
    if (!index.isTrained) await index.train(await sampleRows(source, TRAIN_ROWS), { signal });
    await index.reserve(rows);
    for await (const batch of source.embeddingBatches(ADD_ROWS)) {
      const before = index.rows;
      await index.add(batch, { signal, onProgress: (done) => onProgress?.(before + done) });
    }
    const embeddings = source.embeddingsChecksum;
    const description: IndexDescription = { factory: index.factory, metric, rows, ...building, embeddings };
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
async function sampleRows(dataset: Dataset, count: number): Promise<Float32Array> {
  const { dim, rows } = dataset;
  const sampled = Math.min(rows, count);
  if (sampled === rows) return dataset.readEmbeddings();
  const sample = allocateFloat32(sampled * dim, 'the training sample');
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
