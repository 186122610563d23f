import { type Dataset, givenDataset } from '../../datasets/dataset.js';
import type { EmbeddingShards } from '../../datasets/embedding-shards.js';
import { openFit } from '../../datasets/fits/dataset-fit.js';

/** The vectors of a dataset that are searched. */
export interface VectorSource {
  dataset: Dataset;
  vectors: EmbeddingShards;
  /** Folder of their index. */
  indexDir: string;
  /** True if the fitted encoder of the dataset made them. */
  isFitted: boolean;
  /** True if the dataset has a fit that is not used, because it belongs to other answers. */
  hasStaleFit: boolean;
}

/**
 * Finds the vectors of a dataset that are searched: those of its fitted encoder, if it has one, otherwise its own.
 *
 * @param dataset a dataset or its folder
 * @throws EngineError like `openDataset` and `openFit`
 */
export async function searchedVectors(dataset: Dataset | string): Promise<VectorSource> {
  const source = await givenDataset(dataset);
  const fit = await openFit(source);
  if (fit === undefined || fit === 'stale') return ownVectors(source, fit === 'stale');
  return { dataset: source, vectors: fit, indexDir: fit.folder, isFitted: true, hasStaleFit: false };
}

/** The vectors of the encoder that embedded the dataset. */
export function ownVectors(dataset: Dataset, hasStaleFit = false): VectorSource {
  return { dataset, vectors: dataset, indexDir: dataset.dir, isFitted: false, hasStaleFit };
}
