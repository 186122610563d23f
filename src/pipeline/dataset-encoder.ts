/**
 * Finds the encoder of a dataset. The manifest holds its name and fingerprint but no path, so that a dataset is the
 * same on every machine. The path of the encoder folder on this machine is in a separate file beside the manifest.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { EngineError } from '../core/errors.js';
import type { Dataset } from '../datasets/dataset.js';
import { NAMED_ENCODERS } from '../encoder/default-encoder.js';
import type { Encoder } from '../encoder/encoder.js';
import type { LoadEncoderOptions } from '../encoder/encoder-plan.js';
import { loadEncoder } from '../encoder/load-encoder.js';
import { planEncoder } from '../encoder/plan-encoder.js';
import { PRECISIONS } from '../native/precisions.js';
import { METRICS_FILE } from '../training/metrics.js';
import { BEST_ENCODER, LAST_ENCODER } from '../training/training-run.js';

const LOCATION_FILE = 'encoder.json';
const RUN_ENCODERS: readonly string[] = [BEST_ENCODER, LAST_ENCODER];

/** Records the path of the encoder folder, unless it is found by its name. */
export async function rememberEncoder(dir: string, folder: string): Promise<void> {
  if (NAMED_ENCODERS.some((own) => resolve(own) === resolve(folder))) return;
  await writeFile(join(dir, LOCATION_FILE), `${JSON.stringify({ folder: resolve(folder) }, null, 2)}\n`);
}

/**
 * Loads the encoder that embedded a dataset.
 *
 * @param folder encoder folder. @default the folder used for embedding, or the encoder of univar with the same name
 * @param options backend and precision. @default those of the dataset
 * @throws EngineError `ERR_DATA` if the encoder is not the one that embedded the dataset, or cannot be found
 */
export async function loadDatasetEncoder(
  dataset: Dataset,
  folder: string | undefined,
  options: Pick<LoadEncoderOptions, 'backend' | 'precision'> = {},
): Promise<Encoder> {
  const { name, fingerprint } = dataset.manifest.encoder;
  const found = folder ?? (await findEncoder(dataset));
  if (found === undefined) {
    throw new EngineError(
      'ERR_DATA',
      `${dataset.dir} was embedded with the encoder "${name}", whose folder is not known; specify it with --encoder`,
    );
  }
  const encoder = await loadEncoder(found, encoderOptions(dataset, options));
  if (encoder.fingerprint === fingerprint) return encoder;
  await encoder.dispose();
  throw new EngineError(
    'ERR_DATA',
    `${found} is not the encoder that embedded ${dataset.dir}: that was "${name}" with fingerprint ` +
      `${fingerprint.slice(0, 12)}, this is "${encoder.name}" with fingerprint ${encoder.fingerprint.slice(0, 12)}. ` +
      'Specify the right folder with --encoder, or embed again',
  );
}

/** Finds the folder of the encoder that embedded a dataset. @returns undefined if it is not known */
export async function findEncoder({ dir, manifest }: Dataset): Promise<string | undefined> {
  return (await locate(dir)) ?? NAMED_ENCODERS.find((own) => manifest.encoder.name === basename(own));
}

/**
 * Finds the folder of the training run whose encoder, `best` or `last`, embedded a dataset.
 *
 * @returns undefined if the encoder does not come from a run, is gone, or has since been replaced
 */
export async function findTrainingRun(dataset: Dataset): Promise<string | undefined> {
  const folder = await locate(dataset.dir);
  if (
    folder === undefined ||
    !RUN_ENCODERS.includes(basename(folder)) ||
    !existsSync(join(dirname(folder), METRICS_FILE))
  )
    return undefined;
  try {
    const plan = await planEncoder(folder, encoderOptions(dataset, {}));
    return (await plan.fingerprint()) === dataset.manifest.encoder.fingerprint ? dirname(folder) : undefined;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return undefined; // the encoder is gone
  }
}

/** The settings that embedded the dataset, unless the caller overrides them. */
function encoderOptions(
  { manifest }: Dataset,
  { backend, precision }: Pick<LoadEncoderOptions, 'backend' | 'precision'>,
): LoadEncoderOptions {
  const { settings } = manifest;
  return {
    ...(typeof settings['maxTokens'] === 'number' && { maxTokens: settings['maxTokens'] }),
    backend: backend ?? (['native', 'onnx'] as const).find((known) => known === settings['backend']) ?? 'auto',
    precision: precision ?? PRECISIONS.find((known) => known === settings['precision']),
  };
}

async function locate(dir: string): Promise<string | undefined> {
  try {
    const { folder } = JSON.parse(await readFile(join(dir, LOCATION_FILE), 'utf8')) as { folder?: unknown };
    return typeof folder === 'string' ? folder : undefined;
  } catch {
    return undefined; // missing or damaged: the caller then asks for --encoder
  }
}
