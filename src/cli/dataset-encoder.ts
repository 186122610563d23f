/**
 * Which encoder belongs to a dataset. The manifest names it and holds its fingerprint but no path, so that datasets are
 * the same wherever they are made; where its folder lies on this machine is written beside it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { EngineError } from '../core/errors.js';
import type { Dataset } from '../data/dataset.js';
import { DEFAULT_ENCODER } from '../encoder/default-encoder.js';
import type { Encoder } from '../encoder/encoder.js';
import { ENCODER_PRECISIONS } from '../native/encoder-model.js';
import { loadEncoder } from '../encoder/load-encoder.js';
import type { EncoderCliOptions } from './encoder-options.js';

const LOCATION_FILE = 'encoder.json';

/** Notes where the encoder's folder lies; nothing for the encoder that comes with the package. */
export async function rememberEncoder(dir: string, folder: string): Promise<void> {
  if (resolve(folder) === resolve(DEFAULT_ENCODER)) return;
  await writeFile(join(dir, LOCATION_FILE), `${JSON.stringify({ folder: resolve(folder) }, null, 2)}\n`);
}

/**
 * Loads the encoder that embedded a dataset.
 *
 * @param folder where to find it. @default where it was, or the encoder that comes with the package if it has that name
 * @param options backend and precision. @default those of the dataset
 * @throws EngineError `ERR_DATA` when the encoder is not the one that embedded the dataset, or cannot be found
 */
export async function loadDatasetEncoder(dataset: Dataset, folder: string | undefined, options: EncoderCliOptions = {}): Promise<Encoder> {
  const { name, fingerprint } = dataset.manifest.encoder;
  const found = folder ?? (await locate(dataset.dir)) ?? (name === basename(DEFAULT_ENCODER) ? DEFAULT_ENCODER : undefined);
  if (found === undefined) {
    throw new EngineError('ERR_DATA', `${dataset.dir} was embedded with the encoder "${name}"; name its folder with --encoder`);
  }
  const { maxTokens, backend, precision } = dataset.manifest.settings;
  const encoder = await loadEncoder(found, {
    ...(typeof maxTokens === 'number' && { maxTokens }),
    backend: options.backend ?? (backend === 'native' || backend === 'onnx' ? backend : 'auto'),
    precision: options.precision ?? ENCODER_PRECISIONS.find((known) => known === precision),
  });
  if (encoder.fingerprint === fingerprint) return encoder;
  await encoder.dispose();
  throw new EngineError(
    'ERR_DATA',
    `${found} is not the encoder that embedded ${dataset.dir}: that was "${name}" with the fingerprint ${fingerprint.slice(0, 12)}, ` +
      `this is "${encoder.name}" with ${encoder.fingerprint.slice(0, 12)}. Name the right folder with --encoder, or embed again`,
  );
}

async function locate(dir: string): Promise<string | undefined> {
  try {
    const { folder } = JSON.parse(await readFile(join(dir, LOCATION_FILE), 'utf8')) as { folder?: unknown };
    return typeof folder === 'string' ? folder : undefined;
  } catch {
    return undefined; // not written, or damaged: the caller then asks for --encoder
  }
}
