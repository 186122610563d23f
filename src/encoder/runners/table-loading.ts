/** Steps of loading an encoder that adds up rows of a table. */
import { EngineError } from '../../core/errors.js';
import { expectInteger, expectOneOf } from '../../core/validate.js';
import { NgramTable } from '../../native/ngram-table.js';
import type { NgramTableData } from '../../native/ngram-types.js';
import { PRECISIONS } from '../../native/precisions.js';
import type { LoadEncoderOptions } from '../encoder-plan.js';

/** The largest token limit, for encoders that read complete texts. */
export const UNLIMITED_TOKENS = 2 ** 31 - 1;

/**
 * Checks the options of the encoder in a folder.
 *
 * @param options with known names
 * @param kind kind of encoder, for messages
 * @param defaultTokens token limit if none is given
 * @returns the token limit
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`; `ERR_DATA` if ONNX Runtime is requested
 */
export function resolveTableOptions(
  folder: string,
  options: LoadEncoderOptions,
  kind: string,
  defaultTokens: number,
): number {
  const backend = expectOneOf(options.backend ?? 'auto', 'backend', ['auto', 'native', 'onnx']);
  const precision = expectOneOf(options.precision ?? 'f32', 'precision', PRECISIONS);
  if (backend === 'onnx')
    throw new EngineError('ERR_DATA', `${folder} holds ${kind}, which ONNX Runtime does not support`);
  if (precision !== 'f32')
    throw new EngineError('ERR_ARG_RANGE', `Expected f32 for "precision" with ${kind}, got ${precision}`);
  return expectInteger(options.maxTokens ?? defaultTokens, 'maxTokens', 1, UNLIMITED_TOKENS);
}

/** Makes a table from the contents of a file. @throws EngineError `ERR_DATA` naming the file and the problem */
export async function createTable(path: string, data: NgramTableData): Promise<NgramTable> {
  try {
    return await NgramTable.create(data);
  } catch (error) {
    if (!(error instanceof EngineError) || !['ERR_NON_FINITE', 'ERR_DATA'].includes(error.code)) throw error;
    throw new EngineError('ERR_DATA', `${path} is damaged: ${error.message}`, { cause: error });
  }
}
