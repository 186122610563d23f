import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { BenchError, messageOf } from '../errors.js';

/**
 * Writes a file, which appears either complete or not at all. Creates its folder if it is missing.
 *
 * @throws BenchError `ERR_DATA` if the file system refuses
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(fresh, text);
    await rename(fresh, path);
  } catch (cause) {
    throw new BenchError('ERR_DATA', `Cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}
