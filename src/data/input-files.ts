import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { checkAborted, fileError, withFileErrors } from '../core/file-errors.js';

export type InputFormat = 'jsonl' | 'csv' | 'parquet';

export const INPUT_FORMATS: readonly InputFormat[] = ['jsonl', 'csv', 'parquet'];

/** What file names end in; `.gz` may follow the first three. */
const EXTENSIONS: Readonly<Record<string, InputFormat>> = { jsonl: 'jsonl', ndjson: 'jsonl', csv: 'csv', parquet: 'parquet' };

const SUPPORTED = '.jsonl, .jsonl.gz, .csv, .csv.gz, .parquet';

export interface InputFile {
  path: string;
  format: InputFormat;
  /** Size on disk; 0 for a pipe. */
  bytes: number;
}

/** What a dataset was made of: enough to tell later whether a file is still the same. */
export interface SourceFile {
  /** Name without folders, so that a dataset does not depend on where it was made. */
  file: string;
  bytes: number;
  sha256: string;
}

/**
 * The files that `paths` stand for, in order: a file for itself, a folder for all supported files directly in it, by name.
 *
 * @param format reads every file in this format, whatever it is called
 * @throws EngineError `ERR_DATA` for a path that does not exist, a folder without supported files, an unknown extension
 */
export async function resolveInputs(paths: readonly string[], format?: InputFormat): Promise<InputFile[]> {
  const files: InputFile[] = [];
  for (const path of paths) {
    const info = await withFileErrors(`read ${path}`, () => stat(path));
    if (info.isDirectory()) {
      const names = (await withFileErrors(`read ${path}`, () => readdir(path))).filter((name) => formatOf(name) && !name.startsWith('.')).sort();
      if (names.length === 0) throw new EngineError('ERR_DATA', `The folder ${path} holds no file that can be read (${SUPPORTED})`);
      files.push(...(await resolveInputs(names.map((name) => join(path, name)), format)));
    } else {
      const found = format ?? formatOf(path);
      if (!found) {
        throw new EngineError('ERR_DATA', `The format of ${path} is unknown: its name ends in none of ${SUPPORTED}; name the format`);
      }
      files.push({ path, format: found, bytes: info.size });
    }
  }
  return files;
}

function formatOf(path: string): InputFormat | undefined {
  const extension = /\.([a-z]+)(\.gz)?$/.exec(basename(path).toLowerCase());
  const format = EXTENSIONS[extension?.[1] ?? ''];
  return format === 'parquet' && extension?.[2] ? undefined : format;
}

/**
 * Name, size and SHA-256 of every input file, in the order in which {@link resolveInputs} gives them.
 *
 * @throws EngineError as resolveInputs, and `ERR_IO`, `ERR_ABORTED`
 */
export async function describeSources(paths: readonly string[], format?: InputFormat, signal?: AbortSignal): Promise<SourceFile[]> {
  const sources: SourceFile[] = [];
  for (const { path } of await resolveInputs(paths, format)) {
    const { bytes, sha256 } = await hashFile(path, signal);
    sources.push({ file: basename(path), bytes, sha256 });
  }
  return sources;
}

/** Size and SHA-256 of one file. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
      checkAborted(signal);
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    throw fileError(error, `read ${path}`);
  }
  return { bytes, sha256: hash.digest('hex') };
}
