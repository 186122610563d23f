import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';

import type { NgramTable } from '../../native/ngram-table.js';
import type { Encoder } from '../encoder.js';
import type { EncoderPlan, LoadEncoderOptions } from '../encoder-plan.js';
import { hashFile } from '../folder/fingerprint.js';
import { createTable, resolveTableOptions } from '../runners/table-loading.js';
import { NgramEncoder } from './ngram-encoder.js';
import { type NgramConfig, readNgramConfig, readNgramTable, weightsFile } from './ngram-folder.js';

/**
 * Checks the folder of an n-gram encoder and the options.
 *
 * @param options with known names
 * @throws EngineError like `loadEncoder`
 */
export async function planNgramEncoder(folder: string, options: LoadEncoderOptions): Promise<EncoderPlan> {
  const read = await readNgramConfig(folder);
  const maxTokens = resolveTableOptions(folder, options, 'an n-gram encoder', read.maxTokens);
  const config = { ...read, maxTokens };
  const name = basename(resolve(folder));
  const fingerprint = (): Promise<string> => fingerprintOf(folder, config);
  const load = async (): Promise<Encoder> => {
    const [table, hash] = await Promise.all([loadNgramTable(folder, config), fingerprint()]);
    return new NgramEncoder({ ...config, name, fingerprint: hash, table });
  };
  return { name, dim: config.dim, backend: 'native', precision: 'f32', maxTokens, fingerprint, load };
}

/** Loads the table of a folder. @throws EngineError `ERR_DATA` naming the file and the problem */
export async function loadNgramTable(folder: string, config: NgramConfig): Promise<NgramTable> {
  return createTable(weightsFile(folder), await readNgramTable(folder, config));
}

/** Do not change keys or their order: datasets on disk contain fingerprints. */
async function fingerprintOf(folder: string, { orders, maxTokens }: NgramConfig): Promise<string> {
  const contents = { ngrams: 1, orders, maxTokens, weights: await hashFile(weightsFile(folder)) };
  return createHash('sha256').update(JSON.stringify(contents)).digest('hex');
}
