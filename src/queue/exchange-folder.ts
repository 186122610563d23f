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
 * Name of the folder in an exchange that belongs to the work of one dataset. Drawn once and kept within the dataset
 * folder, so that a planner that is started again finds what is done, and no two planners use one folder of an
 * exchange, whatever their dataset folders are called.
 *
 * @param work folder of the work within the dataset folder; it goes when the dataset is complete
 * @throws EngineError `ERR_IO`, `ERR_DATA` for a file that says something else
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
    `${path} does not name a folder of the exchange; delete it to begin with a new one`,
  );
}
