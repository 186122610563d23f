/**
 * The folder of an n-gram encoder: config.json, and model.safetensors with the tensors `keys`, `embeddings` and, for
 * int8, the scales of its rows.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { withFileErrors } from '../../core/file-errors.js';
import { isObject, parseJson, readJson } from '../../core/json-file.js';
import { replaceFolder } from '../../core/replace-folder.js';
import type { NgramTableData } from '../../native/ngram-types.js';
import { NGRAM_DEFAULTS } from '../../text/ngrams/ngram-defaults.js';
import { ConfigReader } from '../architectures/config-reader.js';
import { TRAINING_ANSWERS, type TrainingAnswers } from '../folder/training-answers.js';
import { SafetensorsFile } from '../formats/safetensors.js';
import { type StoredTensor, writeSafetensors } from '../formats/safetensors-writer.js';
import { quantizeRows } from '../weights/weight-rounding.js';
import { scaleName } from '../weights/weight-types.js';

/** Settings of an n-gram encoder. */
export interface NgramConfig {
  /** N-grams of 1 to so many tokens. */
  orders: number;
  /** Only the first so many tokens of a text count. */
  maxTokens: number;
  /** Width of a vector. */
  dim: number;
}

/** A trained table: the embedding of every feature that the encoder knows. */
export interface NgramWeights {
  /** [rows], ids of the features, ascending and distinct. */
  keys: Uint32Array;
  /** [rows, dim], row-major. */
  rows: Float32Array;
}

const MODEL_TYPE = 'univar-ngrams';
/** Version of the definition of the features (docs/ngram-features.md). */
export const NGRAM_FEATURES = 'ngrams-1';
const CONFIG = 'config.json';
const MODEL = 'model.safetensors';
/** All files that a written folder can contain; a model card and its figures may lie beside them. */
export const NGRAM_FILES: ReadonlySet<string> = new Set([
  CONFIG,
  MODEL,
  TRAINING_ANSWERS,
  'README.md',
  'training.json',
]);

const KEYS = 'keys';
const EMBEDDINGS = 'embeddings';
/** Larger tables are damaged: their rows could not be numbered. */
const MAX_DIM = 2 ** 16;

/** Checks whether config.json describes an n-gram encoder. A folder that cannot be read does not. */
export async function isNgramFolder(folder: string): Promise<boolean> {
  const path = join(folder, CONFIG);
  if (!existsSync(path)) return false;
  const config = await parseJson(path).catch(() => undefined);
  return isObject(config) && config['model_type'] === MODEL_TYPE;
}

/** Path of the table within a folder. */
export function weightsFile(folder: string): string {
  return join(folder, MODEL);
}

/** @throws EngineError `ERR_DATA` naming the key and the missing, damaged or unsupported value */
export async function readNgramConfig(folder: string): Promise<NgramConfig> {
  const path = join(folder, CONFIG);
  const json = await readJson(path);
  if (json['features'] !== NGRAM_FEATURES) {
    throw new EngineError(
      'ERR_DATA',
      `${path}: the encoder was trained on features "${String(json['features'])}", but this release computes ` +
        `"${NGRAM_FEATURES}"; fit or train it again`,
    );
  }
  const config = new ConfigReader(json, path);
  const orders = config.size(['orders']);
  const dim = config.size(['hidden_size']);
  if (orders > NGRAM_DEFAULTS.words.orders)
    throw new EngineError('ERR_DATA', `${path}: "orders" is ${orders}, but at most ${NGRAM_DEFAULTS.words.orders}`);
  if (dim > MAX_DIM) throw new EngineError('ERR_DATA', `${path}: "hidden_size" is ${dim}, but at most ${MAX_DIM}`);
  return { orders, maxTokens: config.size(['max_tokens']), dim };
}

/**
 * Reads the table.
 *
 * @throws EngineError `ERR_DATA` for a missing, truncated or damaged file, or one whose shapes do not match the
 *   configuration
 */
export async function readNgramTable(folder: string, { dim }: NgramConfig): Promise<NgramTableData> {
  const path = weightsFile(folder);
  const file = await SafetensorsFile.open(path);
  try {
    for (const name of [KEYS, EMBEDDINGS]) {
      if (!file.tensors.has(name)) throw new EngineError('ERR_DATA', `${path} has no tensor "${name}"`);
    }
    const { shape: keyShape, dtype: keyType } = file.tensors.get(KEYS)!;
    const { shape, dtype } = file.tensors.get(EMBEDDINGS)!;
    if (keyType !== 'U32' || keyShape.length !== 1)
      throw new EngineError('ERR_DATA', `${path}: expected one column of U32 for "${KEYS}", got ${keyType}`);
    const rows = keyShape[0]!;
    if (shape.length !== 2 || shape[0] !== rows || shape[1] !== dim) {
      throw new EngineError(
        'ERR_DATA',
        `${path}: expected the shape [${rows}, ${dim}] for "${EMBEDDINGS}", got [${shape.join(', ')}]`,
      );
    }
    const keys = new Uint32Array(await file.readBytes(KEYS));
    if (dtype === 'I8') return { dim, keys, ...(await file.readInt8(EMBEDDINGS)) };
    if (dtype === 'F16') return { dim, keys, rows: new Uint16Array(await file.readBytes(EMBEDDINGS)) };
    return { dim, keys, rows: await file.readFloat32(EMBEDDINGS) };
  } finally {
    await file.close();
  }
}

/**
 * Writes the folder of an n-gram encoder, with int8 rows. It appears once it is complete and replaces an earlier one.
 *
 * @param answers fingerprints of the answers that it was trained on
 * @throws EngineError `ERR_DATA` if the target holds something else, `ERR_IO`
 */
export async function writeNgramFolder(
  target: string,
  config: NgramConfig,
  weights: NgramWeights,
  answers?: TrainingAnswers,
): Promise<void> {
  await replaceFolder(target, NGRAM_FILES, async (folder) => {
    await writeNgramFiles(folder, config, weights);
    await answers?.write(folder);
  });
}

/** Writes the files of an n-gram encoder to an existing folder. @throws EngineError `ERR_IO` */
export async function writeNgramFiles(folder: string, config: NgramConfig, weights: NgramWeights): Promise<void> {
  const { orders, maxTokens, dim } = config;
  const description = {
    model_type: MODEL_TYPE,
    features: NGRAM_FEATURES,
    orders,
    max_tokens: maxTokens,
    hidden_size: dim,
  };
  const path = join(folder, CONFIG);
  await withFileErrors(`write ${path}`, () =>
    writeFile(path, `${JSON.stringify(description, null, 2)}\n`, { flush: true }),
  );
  const { keys } = weights;
  const { codes, scales } = quantizeRows(weights.rows, dim);
  const tensors: StoredTensor[] = [
    { name: KEYS, shape: [keys.length], dtype: 'U32', read: () => keys },
    { name: scaleName(EMBEDDINGS), shape: [keys.length, 1], read: () => scales },
    { name: EMBEDDINGS, shape: [keys.length, dim], dtype: 'I8', read: () => codes },
  ];
  await writeSafetensors(weightsFile(folder), tensors);
}
