import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { systemCode, withFileErrors } from '../core/file-errors.js';
import { makeFolder } from '../core/make-folder.js';
import { replaceFile } from '../core/replace-file.js';
import { isWorkFolder } from './work-files.js';

const FILE = 'exchange.json';

/**
 * Returns the name of the folder in an exchange that belongs to one dataset. The name is random and saved in the
 * dataset folder, so a restarted planner finds the finished work, and no two planners use the same folder of an
 * exchange.
 *
 * @param work work folder within the dataset folder; it is deleted when the dataset is complete
 * @throws EngineError `ERR_IO`; `ERR_DATA` if the saved file contains something else
 */
export async function exchangeFolder(work: string): Promise<string> {
  const path = join(work, FILE);
  await makeFolder(work);
  const known = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    return withFileErrors(`read ${path}`, () => Promise.reject(error as Error));
  });
  if (known === undefined) {
    const folder = `work-${randomBytes(4).toString('hex')}`;
    await replaceFile(path, [`${JSON.stringify({ folder })}\n`]);
    return folder;
  }
  const { folder } = JSON.parse(known) as { folder?: unknown };
  if (isWorkFolder(folder)) return folder as string;
  throw new EngineError(
    'ERR_DATA',
    `${path} does not name a folder of the exchange; delete it to start with a new one`,
  );
}
