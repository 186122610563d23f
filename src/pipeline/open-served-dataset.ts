import { realpath } from 'node:fs/promises';

import { EngineError } from '../core/errors.js';
import { type Dataset, openDataset } from '../datasets/dataset.js';
import type { Encoder } from '../encoder/encoder.js';
import { VectorIndex } from '../search/vector-index.js';
import { loadSavedIndex } from './index/saved-index.js';

const ADD_ROWS = 16_384;

/**
 * Opens a dataset with its index; where that is missing or stale, with an index for exact search in memory.
 *
 * @param encoder what queries are embedded with
 * @param note receives what a person should know
 * @throws EngineError `ERR_DATA` where another encoder embedded the dataset, and as `openDataset`
 */
export async function openServedDataset(
  dir: string,
  encoder: Encoder,
  note: (text: string) => void,
): Promise<{ dataset: Dataset; index: VectorIndex }> {
  // The path of this moment: a link that is changed later leads to another dataset.
  const dataset = await openDataset(await realpath(dir));
  if (dataset.manifest.encoder.fingerprint !== encoder.fingerprint) {
    throw new EngineError(
      'ERR_DATA',
      `${dir} was embedded with another encoder than "${encoder.name}", which is loaded; start again to change the encoder`,
    );
  }
  const saved = await loadSavedIndex(dataset);
  if (saved === 'stale')
    note('the index is of other embeddings than those of the dataset; searching exactly. Run "univar index" again');
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
