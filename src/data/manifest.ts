import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { systemCode, withFileErrors } from '../core/file-errors.js';
import type { SourceFile } from './input-files.js';
import type { EmbeddingType } from './npy.js';

/** Names within a dataset folder. */
export const EMBEDDINGS_FILE = 'embeddings.npy';
export const ROWS_FILE = 'rows.jsonl';
export const MANIFEST_FILE = 'manifest.json';
/** What a file is called until the dataset is complete. */
export const PARTIAL = '.partial';

const FORMAT = 'univar-dataset';
const VERSION = 1;

/** What a dataset is made from; two runs with equal configurations write equal bytes. */
export interface DatasetConfiguration {
  encoder: { name: string; fingerprint: string };
  dim: number;
  dtype: EmbeddingType;
  sources: SourceFile[];
  /** Whatever else decides the rows, such as the column mapping. */
  settings: Record<string, unknown>;
}

/** Describes a complete dataset. It holds no times and no paths, so equal inputs give equal bytes. */
export interface DatasetManifest extends DatasetConfiguration {
  format: typeof FORMAT;
  version: typeof VERSION;
  /** Package and version that wrote it. */
  createdBy: string;
  rows: number;
  /** Rows of each value id, by id. */
  valueIds: Record<string, number>;
  /** Rows of the sources that were left out because they are bad. */
  rejected: number;
  /** Rows that equal an earlier row in every field; they are kept. */
  duplicates: number;
  files: Record<string, { bytes: number; sha256: string }>;
}

export function createManifest(fields: Omit<DatasetManifest, 'format' | 'version'>): DatasetManifest {
  return { format: FORMAT, version: VERSION, ...fields };
}

/**
 * Reads and checks manifest.json.
 *
 * @returns undefined where the folder has none
 * @throws EngineError `ERR_DATA`, `ERR_IO`
 */
export async function readManifest(dir: string): Promise<DatasetManifest | undefined> {
  const path = join(dir, MANIFEST_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    return withFileErrors(`read ${path}`, () => Promise.reject(error as Error));
  }
  const refuse = (why: string): never => {
    throw new EngineError('ERR_DATA', `${path} is not the manifest of a dataset: ${why}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(`it is not valid JSON (${(error as SyntaxError).message})`);
  }
  if (typeof value !== 'object' || value === null) return refuse('it is not a JSON object');
  const manifest = value as Partial<Record<keyof DatasetManifest, unknown>>;
  if (manifest.format !== FORMAT) return refuse(`"format" is not "${FORMAT}"`);
  if (manifest.version !== VERSION) return refuse(`it has version ${JSON.stringify(manifest.version)}; this release reads version ${VERSION}`);
  if (!isCount(manifest.rows) || !isCount(manifest.dim) || manifest.dim === 0) return refuse('"rows" and "dim" must be numbers of rows and columns');
  if (manifest.dtype !== 'f32' && manifest.dtype !== 'f16') return refuse('"dtype" must be "f32" or "f16"');
  const { encoder, files } = manifest as { encoder?: Partial<DatasetManifest['encoder']>; files?: Partial<DatasetManifest['files']> };
  if (typeof encoder?.name !== 'string' || typeof encoder.fingerprint !== 'string') return refuse('"encoder" lacks its name or fingerprint');
  for (const name of [EMBEDDINGS_FILE, ROWS_FILE]) {
    const entry = files?.[name];
    if (!isCount(entry?.bytes) || typeof entry.sha256 !== 'string') return refuse(`"files" lacks the size or checksum of ${name}`);
  }
  return value as DatasetManifest;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
