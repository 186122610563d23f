/** The index of a dataset in PostgreSQL. */
import { EngineError } from '../../core/errors.js';
import type { Dataset } from '../../datasets/dataset.js';
import { type PgOpenOptions, PgVectorIndex, type PgVectorIndexOptions } from '../../search/pgvector/pgvector-index.js';
import type { VectorBatch } from '../../search/pgvector/vector-batch.js';
import { searchedVectors, type VectorSource } from './vector-source.js';

/** Vectors held in memory at a time. */
const LOAD_ROWS = 8192;

/**
 * Loads the searched vectors of a dataset, those of its fit if it has one, and their value ids into a table, and builds
 * an index over it.
 *
 * @param dataset a dataset or its folder
 * @throws EngineError like `openDataset` and {@link PgVectorIndex.create}
 */
export async function buildPgIndex(
  dataset: Dataset | string,
  options: Omit<PgVectorIndexOptions, 'dim' | 'source'>,
): Promise<PgVectorIndex> {
  const source = await searchedVectors(dataset);
  const { dim, embeddingsChecksum } = source.vectors;
  return PgVectorIndex.create({ ...options, dim, source: embeddingsChecksum }, batchesOf(source));
}

/**
 * Opens the index that {@link buildPgIndex} built from this dataset, for example for `openCollection`.
 *
 * @param dataset a dataset or its folder
 * @throws EngineError `ERR_SHAPE_MISMATCH`; `ERR_DATA` if the table holds different embeddings; and like
 *   {@link PgVectorIndex.open}
 */
export async function openPgIndex(dataset: Dataset | string, options: PgOpenOptions): Promise<PgVectorIndex> {
  const { dim, rows, dir, embeddingsChecksum } = (await searchedVectors(dataset)).vectors;
  const index = await PgVectorIndex.open(options);
  if (index.source === embeddingsChecksum && index.rows === rows) return index;
  await index.dispose();
  const holds = `The table "${index.table}" of ${index.place} holds ${index.rows} vectors of ${index.dim} entries`;
  if (index.dim !== dim) throw new EngineError('ERR_SHAPE_MISMATCH', `${holds}, but those of ${dir} have ${dim}`);
  const load = `univar index ${dir} --to URL`;
  throw new EngineError(
    'ERR_DATA',
    `${holds}, which are not the ${rows} vectors of ${dir}; load these into a table of their own with ` +
      `"${load} --table NAME", or replace those with "${load} --table ${index.table} --overwrite"`,
  );
}

async function* batchesOf({ dataset, vectors: source }: VectorSource): AsyncGenerator<VectorBatch> {
  const { names, labels } = await dataset.readValueIds();
  let first = 0;
  for await (const vectors of source.embeddingBatches(LOAD_ROWS)) {
    const end = first + vectors.length / source.dim;
    yield { vectors, valueIds: Array.from(labels.subarray(first, end), (label) => names[label]!) };
    first = end;
  }
}
