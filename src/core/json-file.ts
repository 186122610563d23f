import { readFile } from 'node:fs/promises';

import { EngineError } from './errors.js';
import { systemCode, withFileErrors } from './file-errors.js';

export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws EngineError `ERR_DATA` with the name of the file if it is missing or not JSON */
export async function parseJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new EngineError('ERR_DATA', `${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/**
 * Reads a JSON file that need not exist.
 *
 * @param refuse throws the error of the caller for a file that is not JSON
 * @returns undefined if the file does not exist
 * @throws EngineError `ERR_IO`
 */
export async function readOptionalJson(file: string, refuse: (why: string) => never): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    return withFileErrors(`read ${file}`, () => Promise.reject(error as Error));
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    return refuse(`it is not valid JSON (${(error as SyntaxError).message})`);
  }
}

/** @throws EngineError `ERR_DATA`, also if the JSON is not an object */
export async function readJson(file: string): Promise<Json> {
  const value = await parseJson(file);
  if (!isObject(value)) throw new EngineError('ERR_DATA', `${file}: expected a JSON object`);
  return value;
}
