import { realpath } from 'node:fs/promises';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';
import { type Dataset, openDataset } from '../datasets/dataset.js';
import type { EmbeddingShards } from '../datasets/embedding-shards.js';
import { DatasetFit } from '../datasets/fits/dataset-fit.js';
import type { OpenedDataset } from '../datasets/live/collection.js';
import type { Encoder } from '../encoder/encoder.js';
import type { LoadEncoderOptions } from '../encoder/encoder-plan.js';
import type { ValueClassifier } from '../identification/classifier/value-classifier.js';
import { VectorIndex } from '../search/vector-index.js';
import { loadDatasetEncoder } from './dataset-encoder.js';
import { loadFitClassifier } from './fit/load-classifier.js';
import { loadFitEncoder } from './fit/search-encoder.js';
import { loadSavedIndex } from './index/saved-index.js';
import { searchedVectors, type VectorSource } from './index/vector-source.js';

const ADD_ROWS = 16_384;

export interface ServedDatasetOptions extends Pick<LoadEncoderOptions, 'backend' | 'precision'> {
  /** Folder of the encoder that embedded the dataset. @default the folder used for embedding */
  encoder?: string | undefined;
  /** Whether no answers can be added. The encoder that embedded a dataset with a fit is then not needed. */
  readOnly: boolean;
  /** Receives notices meant for people. */
  note: (text: string) => void;
}

/**
 * Opens a dataset for a `LiveCollection`, at the start and at every reload. The encoder that embedded the dataset is
 * loaded once, and only if it is needed: for queries if the dataset has no fit, and for answers to add.
 */
export class ServedDataset {
  #own: Encoder | undefined;

  constructor(
    private readonly dir: string,
    private readonly options: ServedDatasetOptions,
  ) {}

  /**
   * Opens what is in the folder now: the dataset, the fitted encoder if it has one, and the saved index. If that is
   * missing or stale, builds an index for exact search in memory.
   *
   * @throws EngineError `ERR_DATA` if the own encoder is needed and cannot be found, or is not the loaded one; and like
   *   `openDataset` and `openFit`
   */
  async open(): Promise<OpenedDataset> {
    const { readOnly, note } = this.options;
    // Resolved now: a link that changes later would lead to a different dataset.
    const dir = await withFileErrors(`open the dataset ${this.dir}`, () => realpath(this.dir));
    const dataset = await openDataset(dir);
    const source = await searchedVectors(dataset);
    const { vectors, hasStaleFit } = source;
    if (hasStaleFit)
      note(
        `the fit of the dataset belongs to other answers; using its own encoder. Run "univar fit ${this.dir}" again`,
      );
    if (!(vectors instanceof DatasetFit)) {
      const encoder = await this.#ownEncoder(dataset);
      return { dataset, encoder, ownEncoder: encoder, ...(await this.#openIndex(source)) };
    }
    const ownEncoder = readOnly ? undefined : await this.#ownEncoder(dataset).catch(adviseReadOnly);
    const encoder = await loadFitEncoder(vectors);
    let classifier: ValueClassifier | undefined;
    try {
      classifier = await loadFitClassifier(vectors);
      return { dataset, encoder, fit: vectors, classifier, ownEncoder, ...(await this.#openIndex(source)) };
    } catch (error) {
      classifier?.dispose();
      await encoder.dispose();
      throw error;
    }
  }

  /** Frees the encoder that embedded the dataset. */
  async close(): Promise<void> {
    await this.#own?.dispose();
  }

  async #ownEncoder(dataset: Dataset): Promise<Encoder> {
    const { encoder, backend, precision } = this.options;
    this.#own ??= await loadDatasetEncoder(dataset, encoder, { backend, precision });
    if (dataset.manifest.encoder.fingerprint === this.#own.fingerprint) return this.#own;
    throw new EngineError(
      'ERR_DATA',
      `${this.dir} was not embedded with the loaded encoder "${this.#own.name}"; restart to change the encoder`,
    );
  }

  async #openIndex(source: VectorSource): Promise<Pick<OpenedDataset, 'index' | 'effort' | 'recall'>> {
    const saved = await loadSavedIndex(source);
    if (saved === 'stale')
      this.options.note(
        'the index does not match the vectors of the dataset; using exact search. Run "univar index" again',
      );
    return saved === undefined || saved === 'stale' ? { index: await exactIndex(source.vectors) } : saved;
  }
}

/** Adds to the error of an encoder that only additions need. */
function adviseReadOnly(error: unknown): never {
  if (!(error instanceof EngineError)) throw error;
  const remedy = { text: 'or refuse additions, since only they need it', option: { name: 'readOnly', value: true } };
  throw new EngineError(error.code, error.message, { cause: error, remedies: [remedy] });
}

async function exactIndex(vectors: EmbeddingShards): Promise<VectorIndex> {
  const { dim, rows } = vectors;
  const index = await VectorIndex.create({ dim, metric: 'l2', factory: 'Flat' });
  try {
    await index.reserve(rows);
    for await (const batch of vectors.embeddingBatches(ADD_ROWS)) await index.add(batch);
    return index;
  } catch (error) {
    await index.dispose();
    throw error;
  }
}
