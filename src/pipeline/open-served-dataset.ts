import { realpath } from 'node:fs/promises';

import { EngineError } from '../core/errors.js';
import { type Dataset, openDataset } from '../datasets/dataset.js';
import type { Encoder } from '../encoder/encoder.js';
import { VectorIndex } from '../search/vector-index.js';
import { loadSavedIndex } from './index/saved-index.js';
import { ownVectors } from './index/vector-source.js';

const ADD_ROWS = 16_384;

/**
 * Opens a dataset with its saved index. If that is missing or stale, builds an index for exact search in memory.
 *
 * @param encoder the encoder of the queries
 * @param note receives notices meant for people
 * @throws EngineError `ERR_DATA` if a different encoder embedded the dataset, and like `openDataset`
 */
export async function openServedDataset(
  dir: string,
  encoder: Encoder,
  note: (text: string) => void,
): Promise<{ dataset: Dataset; index: VectorIndex }> {
  // Resolved now: a link that changes later would lead to a different dataset.
  const dataset = await openDataset(await realpath(dir));
  if (dataset.manifest.encoder.fingerprint !== encoder.fingerprint) {
    throw new EngineError(
      'ERR_DATA',
      `${dir} was not embedded with the loaded encoder "${encoder.name}"; restart to change the encoder`,
    );
  }
  const saved = await loadSavedIndex(ownVectors(dataset));
  if (saved === 'stale')
    note('the index does not match the embeddings of the dataset; using exact search. Run "univar index" again');
  return { dataset, index: saved === undefined || saved === 'stale' ? await exactIndex(dataset) : saved };
}

async function exactIndex(dataset: Dataset): Promise<VectorIndex> {
  const index = await VectorIndex.create({ dim: dataset.dim, metric: 'l2', factory: 'Flat' });
  try {
    await index.reserve(dataset.rows);
    for await (const batch of dataset.embeddingBatches(ADD_ROWS)) await index.add(batch);
    return index;
  } catch (error) {
    await index.dispose();
    throw error;
  }
}
