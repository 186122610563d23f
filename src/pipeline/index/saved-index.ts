/**
 * The index of a dataset: index.faiss, and index.json, which records what it was built from. They are in the folder of
 * the dataset, or in that of its fit.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { expectEffort, type SearchEffort } from '../../identification/searchable-index.js';
import type { IndexMetric } from '../../native/metrics.js';
import type { MeasuredRecall } from '../../search/measured-recall.js';
import { type LoadIndexOptions, VectorIndex } from '../../search/vector-index.js';
import type { VectorSource } from './vector-source.js';

export const INDEX_FILE = 'index.faiss';
export const DESCRIPTION_FILE = 'index.json';

export interface IndexDescription {
  /** FAISS factory string in canonical form. */
  factory: string;
  metric: IndexMetric;
  rows: number;
  /** Absent if the default of the kind was used. */
  efConstruction?: number;
  /** True if the kind was chosen for the dataset, and is chosen again when the index is rebuilt. */
  chosen?: boolean;
  /** Share of the nearest answers that searches were to find. Absent from older files. */
  targetRecall?: number;
  /** Settings of searches, measured for that share. Absent from older files, which mean the defaults. */
  effort?: SearchEffort;
  /** What searches find with these settings. Absent from older files and if the index is exact. */
  recall?: MeasuredRecall;
  /** See {@link VectorIndex.selfRecall}. Absent from older files. */
  selfRecall?: number;
  /** Checksum of the embeddings: see `Dataset.embeddingsChecksum`. */
  embeddings: string;
}

/** A saved index, and what was measured for it. */
export interface SavedIndex {
  index: VectorIndex;
  /** Settings of searches; empty for the defaults. */
  effort: SearchEffort;
  recall: MeasuredRecall | undefined;
}

/**
 * Loads the saved index over the searched vectors of a dataset.
 *
 * @returns undefined if there is none; `'stale'` if it was built from different vectors
 * @throws EngineError `ERR_DATA` for a damaged file
 */
export async function loadSavedIndex(
  { vectors, indexDir }: VectorSource,
  { map = false }: LoadIndexOptions = {},
): Promise<SavedIndex | 'stale' | undefined> {
  const description = await readIndexDescription(indexDir);
  if (!description) return undefined;
  if (description.embeddings !== vectors.embeddingsChecksum) return 'stale';
  const index = await VectorIndex.load(join(indexDir, INDEX_FILE), { map });
  const { effort = {}, recall } = description;
  if (index.rows === vectors.rows && index.dim === vectors.dim) return { index, effort, recall };
  await index.dispose();
  return 'stale';
}

/**
 * Reads the description of the index in a folder, even if the index is stale.
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
    const description = JSON.parse(text) as Partial<IndexDescription>;
    expectEffort(description.effort, 'effort'); // searches would refuse it without naming the file
    return description;
  } catch (cause) {
    throw new EngineError('ERR_DATA', `${path} is damaged; run "univar index" again`, { cause });
  }
}
