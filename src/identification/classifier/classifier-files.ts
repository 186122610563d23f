/**
 * The files of a classifier: classifier.json with the value ids and the calibration, and classifier.safetensors with
 * the tensors `keys`, `planes` (int8 rows with scales), `biases`, `centroids` and, if there are any, `profiles`.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { withFileErrors } from '../../core/file-errors.js';
import { isObject, readJson } from '../../core/json-file.js';
import { SafetensorsFile } from '../../encoder/formats/safetensors.js';
import { type StoredTensor, writeSafetensors } from '../../encoder/formats/safetensors-writer.js';
import { NGRAM_FEATURES } from '../../encoder/ngrams/ngram-folder.js';
import { scaleName } from '../../encoder/weights/weight-types.js';
import type { Calibration } from './calibration.js';
import type { KnownTail } from './known-tail.js';
import type { UnknownOdds } from './unknown-odds.js';
import type { ClassifierData } from './value-classifier.js';

const MODEL_TYPE = 'univar-classifier';
const CONFIG = 'classifier.json';
const MODEL = 'classifier.safetensors';
/** Files of a classifier. */
export const CLASSIFIER_FILES = [CONFIG, MODEL] as const;

/** A calibration as classifier.json has it. */
type StoredCalibration = Omit<Calibration, 'profiles'> & { profiles?: boolean };

/** What classifier.json says. */
export interface ClassifierConfig extends Pick<ClassifierData, 'names' | 'dim'> {
  calibration: Omit<Calibration, 'profiles'>;
  hasProfiles: boolean;
}

/** Writes a classifier to an existing folder. @throws EngineError `ERR_IO` */
export async function writeClassifier(folder: string, data: ClassifierData): Promise<void> {
  const { names, keys, planes, biases, centroids, dim, calibration } = data;
  const path = join(folder, CONFIG);
  const { profiles, ...rest } = calibration;
  const config = {
    model_type: MODEL_TYPE,
    features: NGRAM_FEATURES,
    hidden_size: dim,
    valueIds: names,
    calibration: { ...rest, profiles: profiles !== null },
  };
  await withFileErrors(`write ${path}`, () => writeFile(path, `${JSON.stringify(config)}\n`, { flush: true }));
  const count = names.length;
  const tensors: StoredTensor[] = [
    { name: 'keys', shape: [keys.length], dtype: 'U32', read: () => keys },
    { name: scaleName('planes'), shape: [keys.length, 1], read: () => planes.scales },
    { name: 'planes', shape: [keys.length, count], dtype: 'I8', read: () => planes.codes },
    { name: 'biases', shape: [count], read: () => biases },
    { name: 'centroids', shape: [count, dim], read: () => centroids },
    ...(profiles ? [{ name: 'profiles', shape: [count, count], read: () => profiles }] : []),
  ];
  await writeSafetensors(join(folder, MODEL), tensors);
}

/**
 * Reads a classifier.
 *
 * @throws EngineError `ERR_DATA` for a missing, truncated or damaged file, or one of another version; `ERR_IO`
 */
export async function readClassifier(folder: string): Promise<ClassifierData> {
  const { names, dim, calibration, hasProfiles } = await readClassifierConfig(folder);
  const path = join(folder, MODEL);
  const file = await SafetensorsFile.open(path);
  try {
    const rows = file.tensors.get('keys')?.shape[0] ?? 0;
    const expected = {
      keys: [rows],
      planes: [rows, names.length],
      biases: [names.length],
      centroids: [names.length, dim],
      ...(hasProfiles ? { profiles: [names.length, names.length] } : {}),
    };
    for (const [name, shape] of Object.entries(expected)) {
      const found = file.tensors.get(name)?.shape;
      if (found?.join() !== shape.join()) {
        const got = found ? `[${found.join(', ')}]` : 'no such tensor';
        throw new EngineError(
          'ERR_DATA',
          `${path}: expected the shape [${shape.join(', ')}] for "${name}", got ${got}`,
        );
      }
    }
    const { rows: codes, scales } = await file.readInt8('planes');
    const keys = new Uint32Array(await file.readBytes('keys'));
    const [biases, centroids] = [await file.readFloat32('biases'), await file.readFloat32('centroids')];
    const profiles = hasProfiles ? await file.readFloat32('profiles') : null;
    return {
      names,
      dim,
      calibration: { ...calibration, profiles },
      keys,
      planes: { codes, scales },
      biases,
      centroids,
    };
  } finally {
    await file.close();
  }
}

/**
 * Reads a classifier without its weights.
 *
 * @throws EngineError `ERR_DATA`, `ERR_IO`
 */
export async function readClassifierConfig(folder: string): Promise<ClassifierConfig> {
  const path = join(folder, CONFIG);
  const config = await readJson(path);
  const refuse = (why: string): never => {
    throw new EngineError('ERR_DATA', `${path} does not describe a classifier: ${why}; run "univar fit" again`);
  };
  if (config['model_type'] !== MODEL_TYPE) return refuse(`"model_type" is not "${MODEL_TYPE}"`);
  if (config['features'] !== NGRAM_FEATURES)
    return refuse(`it reads features "${String(config['features'])}", but this release computes "${NGRAM_FEATURES}"`);
  const { valueIds: names, hidden_size: dim, calibration } = config;
  const isList = Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string');
  if (!isList || new Set(names).size < names.length) return refuse('"valueIds" is damaged');
  if (!Number.isSafeInteger(dim) || (dim as number) < 1) return refuse('"hidden_size" is damaged');
  if (!isCalibration(calibration)) return refuse('"calibration" is damaged');
  const { profiles: hasProfiles = false, steps } = calibration;
  const current = steps.map(({ texts, scales, unknown, known }) => ({
    texts,
    scales,
    // Those of earlier releases cannot be used.
    unknown: isUnknownOdds(unknown) ? unknown : null,
    known: known ?? null,
  }));
  return { names, dim: dim as number, calibration: { steps: current }, hasProfiles };
}

function isCalibration(value: unknown): value is StoredCalibration {
  if (!isObject(value) || !Array.isArray(value['steps'])) return false;
  if (!['undefined', 'boolean'].includes(typeof value['profiles'])) return false;
  return value['steps'].length > 0 && value['steps'].every(isStep);
}

function isStep(value: unknown): boolean {
  if (!isObject(value) || !isFinite(value['texts'])) return false;
  const { scales, unknown, known = null } = value;
  if (!isObject(scales) || !isFinite(scales['decision']) || !isFinite(scales['similarity'])) return false;
  if (known !== null && !isKnownTail(known)) return false;
  // Earlier releases had weights of other features.
  return unknown === null || isUnknownOdds(unknown) || (isObject(unknown) && Array.isArray(unknown['weights']));
}

function isKnownTail(value: unknown): value is KnownTail {
  if (!isObject(value)) return false;
  const { shares, tails } = value;
  const isList = (list: unknown): boolean => Array.isArray(list) && list.length > 0 && list.every(isFinite);
  return isList(shares) && isList(tails) && (shares as number[]).length === (tails as number[]).length;
}

function isUnknownOdds(value: unknown): value is UnknownOdds {
  return isObject(value) && ['distance', 'logit', 'bias'].every((key) => isFinite(value[key]));
}

function isFinite(value: unknown): value is number {
  return Number.isFinite(value);
}
