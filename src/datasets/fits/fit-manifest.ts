/**
 * fit.json in a dataset folder: describes the encoder that was fitted on the dataset, and names its files. Everything
 * else is in the folder that it names, so replacing fit.json replaces the fit.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { withFileErrors } from '../../core/file-errors.js';
import { isObject, readOptionalJson } from '../../core/json-file.js';
import { replaceFile } from '../../core/replace-file.js';
import type { FitFigures } from '../../identification/fit/fit-table.js';
import { type FileEntry, isCount, isFile } from '../manifest.js';

export const FIT_FILE = 'fit.json';
/** Lock held by the process that writes a fit. */
export const FIT_LOCK = '.fit.lock';
/** Folders of fits. */
export const FIT_FOLDER = /^fit-\d{4,}$/;

/** Vectors of a shard, complete or left by a killed writer. */
const VECTORS = /\.npy(\.new-[0-9a-f]{8})?$/;

const FORMAT = 'univar-fit';
const VERSION = 1;

/** The fitted vectors of one shard of the dataset. */
export interface FitShard {
  rows: number;
  /** SHA-256 of the records that the vectors belong to. */
  records: string;
  embeddings: FileEntry;
}

/** The description of a fit, which its folder keeps. */
export interface FitManifest {
  format: typeof FORMAT;
  version: typeof VERSION;
  /** Name and version of the package that made the fit. */
  createdBy: string;
  /** Folder with the encoder, its vectors and their index. */
  folder: string;
  /** The fitted encoder. */
  encoder: { fingerprint: string };
  /** Name and fingerprint of the encoder that the fit started from; null if it started from random numbers. */
  base: { name: string; fingerprint: string } | null;
  /** Settings of the fit. */
  settings: Record<string, unknown>;
  figures: FitFigures;
  /** Leading rows that were in the dataset when the fit was made. Later rows were only encoded. */
  fittedRows: number;
  rows: number;
  dim: number;
  dtype: 'f32';
  /** Files of the encoder. */
  files: FileEntry[];
  /** Files of the classifier; missing in fits without one. */
  classifier?: FileEntry[] | undefined;
  shards: FitShard[];
}

export function createFitManifest(fields: Omit<FitManifest, 'format' | 'version'>): FitManifest {
  return { format: FORMAT, version: VERSION, ...fields };
}

/** Chooses the folder of a new fit: the next number after those of all folders of fits. @throws EngineError `ERR_IO` */
export async function nextFitFolder(dir: string): Promise<string> {
  const names = await withFileErrors(`read ${dir}`, () => readdir(dir));
  const numbers = names.filter((name) => FIT_FOLDER.test(name)).map((name) => Number(name.slice('fit-'.length)));
  return `fit-${String(Math.max(0, ...numbers) + 1).padStart(4, '0')}`;
}

/**
 * Removes the folders of fits that fit.json does not name: former fits, and those that were interrupted.
 *
 * @throws EngineError `ERR_IO`
 */
export async function removeFitFolders(dir: string): Promise<void> {
  const current = (await readFitManifest(dir).catch(() => undefined))?.folder; // a damaged file is about to be replaced
  await withFileErrors(`clean up ${dir}`, async () => {
    for (const name of await readdir(dir)) {
      if (FIT_FOLDER.test(name) && name !== current)
        await rm(join(dir, name), { recursive: true, force: true, maxRetries: 3 });
    }
  });
}

/** Replaces the fit of a dataset folder. @throws EngineError `ERR_IO` */
export async function publishFit(dir: string, manifest: FitManifest): Promise<void> {
  await replaceFile(join(dir, FIT_FILE), [`${JSON.stringify(manifest, null, 2)}\n`]);
}

/** Removes the fit of a dataset folder, if it has one. @throws EngineError `ERR_IO` */
export async function removeFit(dir: string): Promise<void> {
  const folder = (await readFitManifest(dir).catch(() => undefined))?.folder; // a damaged file is removed as well
  await withFileErrors(`clean up ${dir}`, async () => {
    await rm(join(dir, FIT_FILE), { force: true });
    if (folder !== undefined) await rm(join(dir, folder), { recursive: true, force: true, maxRetries: 3 });
  });
}

/**
 * Removes vectors that a fit does not name from its folder: those of former shards.
 *
 * @throws EngineError `ERR_IO`
 */
export async function removeFormerVectors(dir: string, { folder, shards }: FitManifest): Promise<void> {
  const named = new Set(shards.map(({ embeddings }) => embeddings.file));
  await withFileErrors(`clean up ${join(dir, folder)}`, async () => {
    for (const name of await readdir(join(dir, folder)))
      if (VECTORS.test(name) && !named.has(`${folder}/${name}`)) await rm(join(dir, folder, name), { force: true });
  });
}

/**
 * Reads and checks fit.json.
 *
 * @returns undefined if the folder has none
 * @throws EngineError `ERR_DATA` for a damaged file or one of another version, `ERR_IO`
 */
export async function readFitManifest(dir: string): Promise<FitManifest | undefined> {
  const path = join(dir, FIT_FILE);
  const refuse = (why: string): never => {
    throw new EngineError('ERR_DATA', `${path} does not describe a fit: ${why}; run "univar fit" again`);
  };
  const value = await readOptionalJson(path, refuse);
  if (value === undefined) return undefined;
  if (!isObject(value) || value['format'] !== FORMAT) return refuse(`"format" is not "${FORMAT}"`);
  if (value['version'] !== VERSION)
    return refuse(`it has version ${JSON.stringify(value['version'])}; this release reads version ${VERSION}`);
  const { folder, rows, dim, dtype, encoder, shards, files, fittedRows, classifier } = value;
  if (typeof folder !== 'string' || !FIT_FOLDER.test(folder)) return refuse('"folder" is not the name of a fit');
  if (!isCount(rows) || !isCount(fittedRows) || !isCount(dim) || dim === 0 || dtype !== 'f32')
    return refuse('"rows", "fittedRows", "dim" or "dtype" is damaged');
  if (!isObject(encoder) || typeof encoder['fingerprint'] !== 'string') return refuse('"encoder" has no fingerprint');
  if (!Array.isArray(files) || !files.every(isFile)) return refuse('"files" is damaged');
  if (!Array.isArray(shards) || !shards.every(isFitShard)) return refuse('"shards" is damaged');
  if (classifier !== undefined && !(Array.isArray(classifier) && classifier.every(isFile)))
    return refuse('"classifier" is damaged');
  const held = shards.reduce((sum, shard) => sum + shard.rows, 0);
  if (held !== rows) return refuse(`its shards have ${held} rows, but "rows" is ${rows}`);
  return value as unknown as FitManifest;
}

function isFitShard(value: unknown): value is FitShard {
  return (
    isObject(value) && isCount(value['rows']) && typeof value['records'] === 'string' && isFile(value['embeddings'])
  );
}
