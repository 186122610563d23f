import { EngineError } from '../../core/errors.js';
import type { NgramTable } from '../../native/ngram-table.js';
import { isNgramFolder, readNgramConfig } from './ngram-folder.js';
import { loadNgramTable, planNgramEncoder } from './plan-ngram-encoder.js';

/** An n-gram encoder from which a fit starts. */
export interface NgramBase {
  name: string;
  fingerprint: string;
  dim: number;
  table: NgramTable;
}

/**
 * Loads an n-gram encoder as the start of a fit. Dispose its table.
 *
 * @throws EngineError `ERR_DATA` if the folder holds another kind of encoder, or is damaged
 */
export async function loadNgramBase(folder: string): Promise<NgramBase> {
  if (!(await isNgramFolder(folder)))
    throw new EngineError('ERR_DATA', `${folder} does not hold an n-gram encoder, from which a fit could start`);
  const config = await readNgramConfig(folder);
  const { name, dim, fingerprint } = await planNgramEncoder(folder, {});
  return { name, dim, fingerprint: await fingerprint(), table: await loadNgramTable(folder, config) };
}
