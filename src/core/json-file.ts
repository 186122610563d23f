import { readFile } from 'node:fs/promises';

import { EngineError } from './errors.js';
import { systemCode, withFileErrors } from './file-errors.js';

export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The value in a JSON file.
 *
 * @param hint for the message of a failure: what its reader can do
 * @throws EngineError `ERR_DATA` naming a file that is missing or not JSON, `ERR_IO`
 */
export async function parseJson(file: string, hint?: string): Promise<unknown> {
  const text = await withFileErrors(`read ${file}`, () => readFile(file, 'utf8'), hint);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const reason = `${file}: not valid JSON: ${(cause as SyntaxError).message}`;
    throw new EngineError('ERR_DATA', hint === undefined ? reason : `${reason}. ${hint}`, { cause });
  }
}

/** The object in a JSON file. See {@link parseJson}; anything but an object is `ERR_DATA` too. */
export async function readJson(file: string, hint?: string): Promise<Json> {
  const value = await parseJson(file, hint);
  if (!isObject(value)) throw new EngineError('ERR_DATA', `${file}: expected a JSON object`);
  return value;
}

/** As {@link readJson}; undefined if there is no such file. */
export async function readJsonIfThere(file: string): Promise<Json | undefined> {
  try {
    return await readJson(file);
  } catch (error) {
    if (error instanceof EngineError && systemCode(error.cause) === 'ENOENT') return undefined;
    throw error;
  }
}
