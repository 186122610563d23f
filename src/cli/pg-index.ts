/** The index of a dataset in PostgreSQL. */
import { EngineError } from '../core/errors.js';
import type { Dataset } from '../datasets/dataset.js';
import {
  type PgOpenOptions,
  PgVectorIndex,
  type PgVectorIndexOptions,
  type VectorBatch,
} from '../search/pgvector/index.js';

export const DEFAULT_TABLE = 'univar';

/** Vectors that are held in memory at once. */
const LOAD_ROWS = 8192;

/**
 * Loads all embeddings of a dataset, with their value ids, into a table.
 *
 * @throws EngineError as `PgVectorIndex.create`
 */
export async function createPgIndex(
  dataset: Dataset,
  options: Omit<PgVectorIndexOptions, 'dim' | 'source'>,
): Promise<PgVectorIndex> {
  return PgVectorIndex.create({ ...options, dim: dataset.dim, source: dataset.embeddingsChecksum }, batchesOf(dataset));
}

/**
 * Opens what {@link createPgIndex} has loaded from this dataset.
 *
 * @throws EngineError `ERR_SHAPE_MISMATCH`, `ERR_DATA` where the table is of other embeddings, and as
 *   `PgVectorIndex.open`
 */
export async function openPgIndex(dataset: Dataset, options: PgOpenOptions): Promise<PgVectorIndex> {
  const index = await PgVectorIndex.open(options);
  const { dim, size, source, table, place } = index;
  const isThat = source === dataset.embeddingsChecksum && size === dataset.rows;
  if (isThat) return index;
  await index.dispose();
  const holds = `The table "${table}" of ${place} holds ${size} vectors of ${dim} entries`;
  if (dim !== dataset.dim)
    throw new EngineError('ERR_SHAPE_MISMATCH', `${holds}, those of ${dataset.dir} have ${dataset.dim}`);
  throw new EngineError(
    'ERR_DATA',
    `${holds}, which are not the ${dataset.rows} of ${dataset.dir}; load them with "univar index ${dataset.dir} --to URL --overwrite"`,
  );
}

async function* batchesOf(dataset: Dataset): AsyncGenerator<VectorBatch> {
  const { names, labels } = await dataset.readValueIds();
  let first = 0;
  for await (const vectors of dataset.embeddingBatches(LOAD_ROWS)) {
    const end = first + vectors.length / dataset.dim;
    yield { vectors, valueIds: Array.from(labels.subarray(first, end), (label) => names[label]!) };
    first = end;
  }
}
