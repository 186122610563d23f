import { createHash } from 'node:crypto';

import { NgramTable } from '../../native/ngram-table.js';
import type { Encoder } from '../encoder.js';
import { quantizeRows } from '../weights/weight-rounding.js';
import { NgramEncoder } from './ngram-encoder.js';
import type { NgramConfig, NgramWeights } from './ngram-folder.js';

/**
 * Makes an encoder from a table in memory. Its vectors are those of the folder that `writeNgramFolder` writes, but its
 * fingerprint is not.
 *
 * @throws EngineError `ERR_OUT_OF_MEMORY`, `ERR_NON_FINITE`
 */
export async function createNgramEncoder(
  name: string,
  config: NgramConfig,
  { keys, rows }: NgramWeights,
): Promise<Encoder> {
  const { codes, scales } = quantizeRows(rows, config.dim);
  const hash = createHash('sha256').update(JSON.stringify(config));
  for (const part of [keys, scales, codes]) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  const table = await NgramTable.create({ dim: config.dim, keys, rows: codes, scales });
  return new NgramEncoder({ ...config, name, fingerprint: hash.digest('hex'), table });
}
