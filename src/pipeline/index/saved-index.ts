/** The index of a dataset: DIR/index.faiss, and DIR/index.json, which records what it was built from. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import type { Dataset } from '../../datasets/dataset.js';
import type { IndexMetric } from '../../native/metrics.js';
import { type LoadIndexOptions, VectorIndex } from '../../search/vector-index.js';

export const INDEX_FILE = 'index.faiss';
export const DESCRIPTION_FILE = 'index.json';

export interface IndexDescription {
  /** FAISS factory string in canonical form. */
  factory: string;
  metric: IndexMetric;
  rows: number;
  /** Absent if the default was used. */
  efConstruction?: number;
  /** Checksum of the embeddings: see `Dataset.embeddingsChecksum`. */
  embeddings: string;
}

/**
 * Loads the saved index of a dataset.
 *
 * @returns undefined if there is none; `'stale'` if it was built from different embeddings
 * @throws EngineError `ERR_DATA` for a damaged file
 */
export async function loadSavedIndex(
  dataset: Dataset,
  { map = false }: LoadIndexOptions = {},
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
 * Reads the description of the index of a dataset folder, even if the index is stale.
 *
 * @returns undefined if there is none
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
