import { throwIfAborted } from '../core/abort.js';
import type { Dataset } from '../datasets/dataset.js';
import { SeenAnswerCounter, type SeenAnswers } from '../encoder/folder/training-answers.js';
import { findEncoder } from './dataset-encoder.js';

/**
 * Counts the answers of a dataset that an encoder was trained on. Its accuracy with them is not that with new answers.
 *
 * @param folder folder of the encoder. @default that of the encoder that embedded the dataset
 * @returns undefined if the folder is not known, or does not say what the encoder was trained on
 * @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_ABORTED`
 */
export async function countSeenAnswers(
  dataset: Dataset,
  { folder, signal }: { folder?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<SeenAnswers | undefined> {
  const known = folder ?? (await findEncoder(dataset));
  const counter = known === undefined ? undefined : await SeenAnswerCounter.open(known);
  if (!counter) return undefined;
  for await (const records of dataset.recordBlocks()) {
    throwIfAborted(signal);
    counter.add(records.map(({ answer }) => answer));
  }
  return counter.counts;
}
