import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { allocateFloat32 } from '../../core/allocate.js';
import { expectCallback, expectInRange, expectOneOf, expectOptions, expectSignal, fail } from '../../core/validate.js';
import type { Dataset } from '../../datasets/dataset.js';
import type { EmbeddingShards } from '../../datasets/embedding-shards.js';
import type { CallOptions } from '../../native/call.js';
import { INDEX_METRICS, type IndexMetric } from '../../native/metrics.js';
import { haveUnitLength } from '../../search/euclidean-distance.js';
import { VectorIndex } from '../../search/vector-index.js';
import { chooseIndex, type IndexChoice } from './choose-index.js';
import { DESCRIPTION_FILE, INDEX_FILE, type IndexDescription, readIndexDescription } from './saved-index.js';
import { tuneSearch } from './tune-search.js';
import { searchedVectors, type VectorSource } from './vector-source.js';

/** Vectors that are added in one step, and held in memory beside the index. */
const ADD_ROWS = 16_384;
/** Vectors for training lists and codes; FAISS uses at most 256 per list. */
const TRAIN_ROWS = 262_144;
/** Rows whose lengths tell whether all vectors have length 1. */
const UNIT_SAMPLE = 1000;

/** Share of the nearest answers that searches are to find. */
const RECALL = 0.98;

export interface BuildIndexOptions extends CallOptions {
  /**
   * FAISS factory string: see {@link VectorIndexOptions.factory}. @default chosen by the number of answers, their
   * width, the recall and the memory of the machine: see docs/search.md
   */
  factory?: string | undefined;
  /** @default 'l2' */
  metric?: IndexMetric | undefined;
  /** HNSW: candidates kept in the search for the links of a new vector. @default 40, or 200 if the kind is chosen */
  efConstruction?: number | undefined;
  /**
   * Share of the 50 nearest answers that searches are to find, above 0 and at most 1. It is measured after building,
   * on 1,000 answers of the dataset, each without itself, against exact search. `identify`, `openCollection` and the
   * server then use the cheapest `efSearch`, `nprobe` and `rerank` that reach it, or the best if none does.
   * @default 0.98
   */
  recall?: number | undefined;
  /** Called before building if the kind of index was chosen. */
  onChoice?: ((choice: IndexChoice) => void) | undefined;
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
 * Then measures which share of the nearest answers searches find, and remembers the settings that reach `recall`.
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
  const { factory, metric, efConstruction, chosen = false, targetRecall: recall } = earlier;
  const kind = chosen ? {} : { factory, efConstruction }; // there may be many more answers now
  return writeIndex(vectors, indexDir, { ...options, ...kind, metric, recall });
}

/** @throws EngineError `ERR_ARG_TYPE` */
export function expectIndexOptions(options: unknown, name: string): BuildIndexOptions {
  const given = expectOptions(options, name, [
    'factory',
    'metric',
    'efConstruction',
    'recall',
    'onChoice',
    'signal',
    'onProgress',
  ]) as BuildIndexOptions;
  expectSignal(given.signal, 'signal');
  expectCallback(given.onProgress, 'onProgress');
  expectCallback(given.onChoice, 'onChoice');
  if (given.metric !== undefined) expectOneOf(given.metric, 'metric', INDEX_METRICS);
  if (given.recall !== undefined && expectInRange(given.recall, 'recall', 0, 1) === 0)
    fail('ERR_ARG_RANGE', 'a number above 0', 'recall', given.recall);
  return given;
}

/** Builds an index over vectors, measures its searches and saves it in a folder, with checked options. */
export async function writeIndex(
  vectors: EmbeddingShards,
  dir: string,
  options: BuildIndexOptions,
): Promise<BuiltIndex> {
  const { metric = 'l2', recall = RECALL, signal, onProgress } = options;
  const { dim, rows } = vectors;
  const kind = await kindOf(vectors, { ...options, metric, recall });
  const building = kind.efConstruction === undefined ? {} : { efConstruction: kind.efConstruction };
  const index = await VectorIndex.create({ dim, metric, factory: kind.factory, ...building });
  try {
    if (!index.isTrained) await index.train(await sampleRows(vectors, TRAIN_ROWS), { signal });
    await index.reserve(rows);
    for await (const batch of vectors.embeddingBatches(ADD_ROWS)) {
      const before = index.rows;
      await index.add(batch, { signal, onProgress: (done) => onProgress?.(before + done) });
    }
    const selfRecall = await index.selfRecall({ signal });
    const tuned = await tuneSearch(index, vectors, { recall, signal });
    const description: IndexDescription = {
      factory: index.factory,
      metric,
      rows,
      ...building,
      ...(kind.isChosen && { chosen: true }),
      selfRecall,
      targetRecall: recall,
      ...tuned,
      embeddings: vectors.embeddingsChecksum,
    };
    const path = join(dir, INDEX_FILE);
    await index.save(path);
    await writeFile(join(dir, DESCRIPTION_FILE), `${JSON.stringify(description, null, 2)}\n`);
    return { ...description, path, bytes: (await stat(path)).size };
  } finally {
    await index.dispose();
  }
}

/** The kind of index: the given one, or one that is chosen for the vectors. */
async function kindOf(
  vectors: EmbeddingShards,
  given: BuildIndexOptions & { metric: IndexMetric; recall: number },
): Promise<{ factory: string; efConstruction?: number | undefined; isChosen: boolean }> {
  const { factory, metric, efConstruction, recall, onChoice } = given;
  if (factory !== undefined) return { factory, efConstruction, isChosen: false };
  // Only a graph has links to construct.
  const { rows, dim } = vectors;
  const isUnit = haveUnitLength(await sampleRows(vectors, UNIT_SAMPLE), dim);
  const choice = chooseIndex({ rows, dim, metric, isUnit, recall, wantsGraph: efConstruction !== undefined });
  onChoice?.(choice);
  if (efConstruction === undefined) return { ...choice, isChosen: true };
  return { factory: choice.factory, efConstruction, isChosen: false };
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
