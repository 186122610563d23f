import { expectBoolean, expectOptions, expectSignal } from '../../core/validate.js';
import { type Dataset, givenDataset } from '../../datasets/dataset.js';
import { DatasetFit } from '../../datasets/fits/dataset-fit.js';
import type { LoadEncoderOptions } from '../../encoder/encoder-plan.js';
import { loadFitClassifier } from '../fit/load-classifier.js';
import { loadSearchEncoder } from '../fit/search-encoder.js';
import { expectIndexChoice, type GivenIndex, openDatasetSearch } from '../index/dataset-search.js';
import { ownVectors, searchedVectors } from '../index/vector-source.js';
import { Collection } from './collection.js';

/** Options of `openCollection`. */
export interface OpenCollectionOptions extends Pick<LoadEncoderOptions, 'backend' | 'precision'> {
  /**
   * Uses the encoder that was fitted on the dataset, if it has one. If false, or if it has none, uses the encoder that
   * embedded the dataset. @default true, or false if `encoder` is given
   */
  fit?: boolean | undefined;
  /**
   * Folder of the encoder that embedded the dataset. @default the folder used for embedding
   */
  encoder?: string | undefined;
  /**
   * `'saved'`: the index that `buildIndex` saved, or exact search if that is missing or stale. `'exact'`: compares all
   * answers. `'none'`: opens no index and reads no value ids, for a collection that only classifies. An open index over
   * the same rows, such as a `PgVectorIndex`, also works; the collection disposes it.
   *
   * @default 'saved'
   */
  index?: 'saved' | 'exact' | 'none' | GivenIndex | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Opens a dataset for identification: loads its fitted encoder or that which embedded it, maps the index and reads the
 * value ids.
 *
 * @param dataset a dataset or its folder
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`; `ERR_DATA` for a folder that is not a complete dataset, a
 *   damaged index, or an encoder that is not the one that embedded it; `ERR_SHAPE_MISMATCH` for an index with a
 *   different number of rows; `ERR_IO`, `ERR_OUT_OF_MEMORY`
 */
export async function openCollection(dataset: Dataset | string, options?: OpenCollectionOptions): Promise<Collection> {
  const keys = ['fit', 'encoder', 'backend', 'precision', 'index', 'signal'] as const;
  const given = expectOptions(options, 'options', keys) as OpenCollectionOptions;
  const { encoder: folder, backend, precision } = given;
  const index = expectIndexChoice(given.index ?? 'saved');
  const signal = expectSignal(given.signal, 'signal');
  const wantsFit = expectBoolean(given.fit ?? folder === undefined, 'fit');
  const source = wantsFit ? await searchedVectors(dataset) : ownVectors(await givenDataset(dataset));
  const nothing = Promise.resolve(undefined);
  // At the same time, since each of them waits for files.
  const parts = [
    loadSearchEncoder(source, folder, { backend, precision }),
    index === 'none' ? nothing : source.dataset.readValueIds({ signal }),
    index === 'none' ? nothing : openDatasetSearch(source, index),
    source.vectors instanceof DatasetFit ? loadFitClassifier(source.vectors) : nothing,
  ] as const;
  try {
    const [encoder, valueIds, search, classifier] = await Promise.all(parts);
    return Collection.over(source, encoder, search, valueIds, classifier);
  } catch (error) {
    const [encoder, , search, classifier] = await Promise.allSettled(parts);
    if (encoder.status === 'fulfilled') await encoder.value.dispose();
    if (classifier.status === 'fulfilled') classifier.value?.dispose();
    if (search.status === 'fulfilled') await search.value?.[Symbol.asyncDispose]();
    throw error;
  }
}
