import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { readOptionalJson } from '../core/json-file.js';
import type { SourceFile } from '../records/input-files.js';
import type { EmbeddingType } from './shards/embedding-bytes.js';

/** Names within a dataset folder. */
export const MANIFEST_FILE = 'manifest.json';
/** Suffix of a file name until the file is complete. */
export const PARTIAL = '.partial';
/** The two data files of a dataset of version 1. */
export const SINGLE_FILES = { embeddings: 'embeddings.npy', records: 'rows.jsonl' } as const;

const FORMAT = 'univar-dataset';
const VERSION = 2;

/** The settings that determine a dataset. Two runs with equal configurations write equal bytes. */
export interface DatasetConfiguration {
  encoder: { name: string; fingerprint: string };
  dim: number;
  dtype: EmbeddingType;
  sources: SourceFile[];
  /** Other settings that affect the rows, such as the column mapping. */
  settings: Record<string, unknown>;
}

/** A file of a dataset: its path within the folder, with `/`, its size and its checksum. */
export interface FileEntry {
  file: string;
  bytes: number;
  sha256: string;
}

/** Consecutive rows of a dataset: a NumPy array [rows, dim], one JSON line per record, and the value ids. */
export interface ShardEntry {
  rows: number;
  embeddings: FileEntry;
  records: FileEntry;
  /** File of the value-id column. Missing in manifests of releases that did not write it. */
  valueIds?: FileEntry;
}

/**
 * The description of a complete dataset. It contains no times and no paths outside the folder, so equal inputs give
 * equal bytes.
 */
export interface DatasetManifest extends DatasetConfiguration {
  format: typeof FORMAT;
  version: typeof VERSION;
  /** Name and version of the package that wrote the dataset. */
  createdBy: string;
  rows: number;
  /** Number of rows by value id. */
  valueIds: Record<string, number>;
  /** Number of bad rows of the sources that were skipped. */
  rejected: number;
  /** Number of rows that equal an earlier row in every field; they are kept. */
  duplicates: number;
  /** Files of the rows, in order. */
  shards: ShardEntry[];
}

/** Returns the path, within the dataset folder, of the value-id column of a records file. */
export function columnFile(records: string): string {
  return `${records.replace(/\.jsonl$/, '')}.ids`;
}

export function createManifest(fields: Omit<DatasetManifest, 'format' | 'version'>): DatasetManifest {
  return { format: FORMAT, version: VERSION, ...fields };
}

/**
 * Reads and checks manifest.json. Returns a manifest of version 1 as a manifest with one shard.
 *
 * @returns undefined if the folder has no manifest
 * @throws EngineError `ERR_DATA`, `ERR_IO`
 */
export async function readManifest(dir: string): Promise<DatasetManifest | undefined> {
  const path = join(dir, MANIFEST_FILE);
  const refuse = (why: string): never => {
    throw new EngineError('ERR_DATA', `${path} is not the manifest of a dataset: ${why}`);
  };
  const value = await readOptionalJson(path, refuse);
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null) return refuse('it is not a JSON object');
  const manifest = value as Partial<Record<keyof DatasetManifest | 'files', unknown>>;
  if (manifest.format !== FORMAT) return refuse(`"format" is not "${FORMAT}"`);
  if (manifest.version !== 1 && manifest.version !== VERSION) {
    return refuse(`it has version ${JSON.stringify(manifest.version)}; this release reads versions 1 and ${VERSION}`);
  }
  if (!isCount(manifest.rows) || !isCount(manifest.dim) || manifest.dim === 0)
    return refuse('"rows" must be an integer >= 0 and "dim" an integer >= 1');
  if (manifest.dtype !== 'f32' && manifest.dtype !== 'f16') return refuse('"dtype" must be "f32" or "f16"');
  const { encoder } = manifest as { encoder?: Partial<DatasetManifest['encoder']> };
  if (typeof encoder?.name !== 'string' || typeof encoder.fingerprint !== 'string')
    return refuse('"encoder" has no name or no fingerprint');
  const { files, ...rest } = manifest;
  const shards: unknown = manifest.version === 1 ? [singleShard(manifest.rows, files)] : manifest.shards;
  if (!Array.isArray(shards)) return refuse('"shards" is not a list');
  const entries: unknown[] = shards;
  const bad = entries.findIndex((shard) => !isShard(shard));
  if (bad >= 0)
    return refuse(
      manifest.version === 1
        ? '"files" does not give the size and checksum of every file'
        : `shard ${bad} does not give its rows, or the size and checksum of every file`,
    );
  const rows = (entries as ShardEntry[]).reduce((sum, shard) => sum + shard.rows, 0);
  if (rows !== manifest.rows) return refuse(`its shards have ${rows} rows, but "rows" is ${manifest.rows}`);
  return { ...rest, version: VERSION, shards: entries } as DatasetManifest;
}

function singleShard(rows: number, files: unknown): unknown {
  const entries = (typeof files === 'object' && files !== null ? files : {}) as Record<string, object | undefined>;
  const entry = (file: string): object => ({ file, ...entries[file] });
  return { rows, embeddings: entry(SINGLE_FILES.embeddings), records: entry(SINGLE_FILES.records) };
}

function isShard(value: unknown): value is ShardEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { rows, embeddings, records, valueIds } = value as Partial<Record<keyof ShardEntry, unknown>>;
  return isCount(rows) && isFile(embeddings) && isFile(records) && isColumnOf(records, valueIds);
}

/** Checks the name of a column. A damaged column is overwritten, so its name must not be that of another file. */
export function isColumnOf(records: FileEntry, valueIds: unknown): valueIds is FileEntry | undefined {
  return valueIds === undefined || (isFile(valueIds) && valueIds.file === columnFile(records.file));
}

/** Accepts only paths inside the folder. Otherwise a foreign manifest could name any file on this machine. */
export function isFile(value: unknown): value is FileEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { file, bytes, sha256 } = value as Partial<Record<keyof FileEntry, unknown>>;
  return (
    typeof file === 'string' &&
    /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/.test(file) &&
    isCount(bytes) &&
    typeof sha256 === 'string'
  );
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
