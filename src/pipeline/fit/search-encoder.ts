import { EngineError } from '../../core/errors.js';
import { DatasetFit } from '../../datasets/fits/dataset-fit.js';
import type { Encoder } from '../../encoder/encoder.js';
import type { LoadEncoderOptions } from '../../encoder/encoder-plan.js';
import { loadEncoder } from '../../encoder/load-encoder.js';
import type { VectorSource } from '../index/vector-source.js';

/**
 * Loads the encoder of the searched vectors.
 *
 * @param folder folder of the encoder that embedded the dataset; not needed for a fitted encoder
 * @throws EngineError like `loadDatasetEncoder` and {@link loadFitEncoder}
 */
export async function loadSearchEncoder(
  { dataset, vectors }: VectorSource,
  folder: string | undefined,
  options: Pick<LoadEncoderOptions, 'backend' | 'precision'> = {},
): Promise<Encoder> {
  if (vectors instanceof DatasetFit) return loadFitEncoder(vectors);
  const { loadDatasetEncoder } = await import('../dataset-encoder.js'); // takes time, and a fit does not need it
  return loadDatasetEncoder(dataset, folder, options);
}

/** Loads a fitted encoder. @throws EngineError `ERR_DATA` if it is damaged or was exchanged */
export async function loadFitEncoder(fit: DatasetFit): Promise<Encoder> {
  const encoder = await loadEncoder(fit.folder);
  if (encoder.fingerprint === fit.manifest.encoder.fingerprint) return encoder;
  await encoder.dispose();
  throw new EngineError('ERR_DATA', `${fit.folder} is not the encoder that was fitted; run "univar fit" again`);
}
