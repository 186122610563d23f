import { join } from 'node:path';

import { checkFile, type Dataset, givenDataset } from '../dataset.js';
import { EmbeddingShards } from '../embedding-shards.js';
import { type FitManifest, readFitManifest } from './fit-manifest.js';

/**
 * The encoder that was fitted on a dataset, and the vectors that it gives to the answers.
 *
 * An answer that the encoder was fitted on lies closer to its own value id than a new one does. Use these vectors to
 * find the value ids of other texts, never to measure how far the answers of a dataset are apart.
 */
export class DatasetFit extends EmbeddingShards {
  /** @internal Use {@link openFit} instead, which checks the files. */
  constructor(
    dir: string,
    readonly manifest: FitManifest,
  ) {
    super(dir, manifest);
  }

  /** Path of the folder with the fitted encoder, which `loadEncoder` loads. */
  get folder(): string {
    return join(this.dir, this.manifest.folder);
  }

  /** Number of answers that were added to the dataset after the fit. They were only encoded. */
  get addedSinceFit(): number {
    return this.manifest.rows - this.manifest.fittedRows;
  }
}

/**
 * Opens the fit of a dataset.
 *
 * @param dataset a dataset or its folder
 * @returns undefined if the dataset has none; `'stale'` if its vectors are those of other answers, because the dataset
 *   was changed without it
 * @throws EngineError `ERR_DATA` for a fit that is damaged, or whose files are missing or truncated; `ERR_IO`
 */
export async function openFit(dataset: Dataset | string): Promise<DatasetFit | 'stale' | undefined> {
  const source = await givenDataset(dataset);
  const { dir } = source;
  const manifest = await readFitManifest(dir);
  if (!manifest) return undefined;
  const { shards } = source.manifest;
  const isCurrent =
    manifest.shards.length === shards.length &&
    manifest.shards.every(({ rows, records }, i) => rows === shards[i]!.rows && records === shards[i]!.records.sha256);
  if (!isCurrent) return 'stale';
  for (const entry of [
    ...manifest.files,
    ...(manifest.classifier ?? []),
    ...manifest.shards.map(({ embeddings }) => embeddings),
  ])
    await checkFile(join(dir, entry.file), entry, false);
  return new DatasetFit(dir, manifest);
}
