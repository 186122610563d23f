import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { throwIfAborted } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import { fileError, withFileErrors } from '../core/file-errors.js';
import { expectArray, expectOneOf, expectPath, expectSignal } from '../core/validate.js';

/** Format of a file of answers. */
export type InputFormat = 'jsonl' | 'csv' | 'parquet';

export const INPUT_FORMATS: readonly InputFormat[] = ['jsonl', 'csv', 'parquet'];

/** Formats by file extension. `.gz` can follow all but the last. */
const EXTENSIONS: Readonly<Record<string, InputFormat>> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  csv: 'csv',
  tsv: 'csv',
  parquet: 'parquet',
};

const SUPPORTED = '.jsonl, .jsonl.gz, .csv, .csv.gz, .tsv, .tsv.gz, .parquet';

export interface InputFile {
  path: string;
  /** Path within the input folder, with `/`; only the name if the file itself is the input. */
  name: string;
  format: InputFormat;
  /** Size on disk; 0 for a pipe. */
  bytes: number;
  /** True if the file was found in a folder, which can also have files without answers. */
  inFolder: boolean;
}

/** An input file of a dataset, described so that a later run can check whether it has changed. */
export interface SourceFile {
  /**
   * Path within the input folder, or only the name if the file itself was the input. A dataset thus does not depend on
   * where it was made.
   */
  file: string;
  bytes: number;
  sha256: string;
}

/** Files that mark a folder as a dataset, complete or not. It is output and never read as input. */
const DATASET_MARKS: readonly string[] = ['manifest.json', 'journal.partial'];

/**
 * Lists the input files of `paths` in order: each file itself, and for each folder all supported files in it and its
 * subfolders, sorted by name at each level. Skips hidden files and folders, dataset folders and links to folders.
 *
 * @param format reads every file in this format, regardless of its extension
 * @throws EngineError `ERR_DATA` for a missing path, a folder without supported files, or an unknown extension
 */
export async function resolveInputs(paths: readonly string[], format?: InputFormat): Promise<InputFile[]> {
  const files: InputFile[] = [];
  expectArray(paths, 'paths', expectPath);
  expectFormat(format);
  for (const path of paths) {
    const info = await withFileErrors(`read ${path}`, () => stat(path));
    if (!info.isDirectory()) {
      files.push(inputFile(path, basename(path), info.size, false, format));
      continue;
    }
    const names = await namesBelow(path, '');
    if (names.length === 0)
      throw new EngineError('ERR_DATA', `The folder ${path} contains no supported files (${SUPPORTED})`);
    for (const name of names) {
      const file = join(path, name);
      const { size } = await withFileErrors(`read ${file}`, () => stat(file));
      files.push(inputFile(file, name, size, true, format));
    }
  }
  return files;
}

/** @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` */
export function expectFormat(format: unknown): void {
  if (format !== undefined) expectOneOf(format, 'format', INPUT_FORMATS);
}

function inputFile(
  path: string,
  name: string,
  bytes: number,
  inFolder: boolean,
  format: InputFormat | undefined,
): InputFile {
  const found = format ?? formatOf(path);
  if (found) return { path, name, format: found, bytes, inFolder };
  if (/\.json$/i.test(path))
    throw new EngineError('ERR_DATA', `${path} is JSON, but rows are read from JSONL, with one object per line`, {
      remedies: [{ text: `convert it, for example with jq -c '.[]' ${path} > ${path}l` }],
    });
  throw new EngineError(
    'ERR_DATA',
    `The format of ${path} is unknown: its name does not end in ${SUPPORTED}; specify the format`,
  );
}

/** Lists the supported files in the folder `below` of `root`, as paths within `root`. */
async function namesBelow(root: string, below: string): Promise<string[]> {
  const dir = join(root, below);
  const entries = await withFileErrors(`read ${dir}`, () => readdir(dir, { withFileTypes: true }));
  if (below !== '' && entries.some(({ name }) => DATASET_MARKS.includes(name))) return [];
  const names: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) names.push(...(await namesBelow(root, name)));
    else if (
      formatOf(name) &&
      (await withFileErrors(`read ${join(root, name)}`, () => stat(join(root, name)))).isFile()
    )
      names.push(name);
  }
  return names;
}

/** Returns the format that the name of a file tells, if any. */
export function formatOf(path: string): InputFormat | undefined {
  const extension = /\.([a-z]+)(\.gz)?$/.exec(basename(path).toLowerCase());
  const format = EXTENSIONS[extension?.[1] ?? ''];
  return format === 'parquet' && extension?.[2] ? undefined : format;
}

/**
 * Computes name, size and SHA-256 of every input file: the files themselves, and for each folder all supported files
 * in it and its subfolders, sorted by name at each level.
 *
 * @throws EngineError `ERR_DATA` for a missing path, a folder without supported files, or an unknown extension;
 *   `ERR_IO`, `ERR_ABORTED`
 */
export async function describeSources(
  paths: readonly string[],
  format?: InputFormat,
  signal?: AbortSignal,
): Promise<SourceFile[]> {
  const sources: SourceFile[] = [];
  expectSignal(signal, 'signal');
  for (const { path, name } of await resolveInputs(paths, format)) {
    const { bytes, sha256 } = await hashFile(path, signal);
    sources.push({ file: name, bytes, sha256 });
  }
  return sources;
}

/** Computes size and SHA-256 of one file. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
      throwIfAborted(signal);
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    throw fileError(error, `read ${path}`);
  }
  return { bytes, sha256: hash.digest('hex') };
}
