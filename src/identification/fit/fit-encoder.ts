import { labelRows } from '../../core/row-labels.js';
import { expectOptions, expectPath, expectStrings, fail } from '../../core/validate.js';
import { writeNgramFolder } from '../../encoder/ngrams/ngram-folder.js';
import { type CallOptions, resolveCallOptions } from '../../native/call.js';
import { FIT_SETTINGS, type FitSettings } from './fit-settings.js';
import { type FitFigures, fitTable } from './fit-table.js';

/** Options of `fitEncoder`. */
export interface FitEncoderOptions extends FitSettings, CallOptions {
  /** Answers, without their questions. */
  texts: readonly string[];
  /** Value id of every answer, or any other label that is to be told apart. */
  valueIds: readonly string[];
}

/**
 * Fits an n-gram encoder on labelled answers and writes it to a folder, which `loadEncoder` loads. `fitDataset` does
 * this for a dataset, and also makes the vectors and the index. `onProgress` receives the number of training steps.
 *
 * @param folder is missing, empty, or holds an earlier n-gram encoder, which is replaced
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`; `ERR_DATA` if fewer than two value ids
 *   have two answers, or the folder holds something else; `ERR_IO`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function fitEncoder(folder: string, options: FitEncoderOptions): Promise<FitFigures> {
  expectPath(folder, 'folder');
  const keys = [...FIT_SETTINGS, 'texts', 'valueIds', 'signal', 'onProgress'] as const;
  const given = expectOptions(options, 'options', keys) as FitEncoderOptions;
  const texts = expectStrings(given.texts, 'texts');
  const valueIds = expectStrings(given.valueIds, 'valueIds');
  if (valueIds.length !== texts.length)
    fail('ERR_SHAPE_MISMATCH', `${texts.length} value ids, one per text,`, 'valueIds', valueIds);
  const labels = labelRows(valueIds);
  const read = (rows: Int32Array): string[][] => [Array.from(rows, (row) => texts[row]!)];
  const call = resolveCallOptions(given.signal, given.onProgress);
  const { config, weights, figures } = await fitTable({ ...labels, read }, given, call);
  await writeNgramFolder(folder, config, weights);
  return figures;
}
