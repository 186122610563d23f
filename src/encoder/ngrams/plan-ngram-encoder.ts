import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { expectInteger, expectOneOf } from '../../core/validate.js';
import { NgramTable } from '../../native/ngram-table.js';
import { PRECISIONS } from '../../native/precisions.js';
import type { Encoder } from '../encoder.js';
import type { EncoderPlan, LoadEncoderOptions } from '../encoder-plan.js';
import { hashFile } from '../folder/fingerprint.js';
import { NgramEncoder } from './ngram-encoder.js';
import { type NgramConfig, readNgramConfig, readNgramTable, weightsFile } from './ngram-folder.js';

const MAX_TOKENS = 2 ** 31 - 1;

/**
 * Checks the folder of an n-gram encoder and the options.
 *
 * @param options with known names
 * @throws EngineError like `loadEncoder`
 */
export async function planNgramEncoder(folder: string, options: LoadEncoderOptions): Promise<EncoderPlan> {
  const backend = expectOneOf(options.backend ?? 'auto', 'backend', ['auto', 'native', 'onnx']);
  const precision = expectOneOf(options.precision ?? 'f32', 'precision', PRECISIONS);
  if (backend === 'onnx')
    throw new EngineError('ERR_DATA', `${folder} holds an n-gram encoder, which ONNX Runtime does not support`);
  if (precision !== 'f32')
    throw new EngineError('ERR_ARG_RANGE', `Expected f32 for "precision" with an n-gram encoder, got ${precision}`);
  const read = await readNgramConfig(folder);
  const maxTokens = expectInteger(options.maxTokens ?? read.maxTokens, 'maxTokens', 1, MAX_TOKENS);
  const config = { ...read, maxTokens };
  const name = basename(resolve(folder));
  const fingerprint = (): Promise<string> => fingerprintOf(folder, config);
  const load = async (): Promise<Encoder> => {
    const [table, hash] = await Promise.all([createTable(folder, config), fingerprint()]);
    return new NgramEncoder({ ...config, name, fingerprint: hash, table });
  };
  return { name, dim: config.dim, backend: 'native', precision, maxTokens, fingerprint, load };
}

/** Loads the table of a folder. @throws EngineError `ERR_DATA` naming the file and the problem */
export async function createTable(folder: string, config: NgramConfig): Promise<NgramTable> {
  const data = await readNgramTable(folder, config);
  try {
    return await NgramTable.create(data);
  } catch (error) {
    if (!(error instanceof EngineError) || !['ERR_NON_FINITE', 'ERR_DATA'].includes(error.code)) throw error;
    throw new EngineError('ERR_DATA', `${weightsFile(folder)} is damaged: ${error.message}`, { cause: error });
  }
}

/** Do not change keys or their order: datasets on disk contain fingerprints. */
async function fingerprintOf(folder: string, { orders, maxTokens }: NgramConfig): Promise<string> {
  const contents = { ngrams: 1, orders, maxTokens, weights: await hashFile(weightsFile(folder)) };
  return createHash('sha256').update(JSON.stringify(contents)).digest('hex');
}
