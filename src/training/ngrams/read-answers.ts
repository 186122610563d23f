import type { ReadOptions } from '../../records/read-options.js';
import { readRecords } from '../../records/read-records.js';

/** Consecutive answers of a training run. */
export interface AnswerBatch {
  /** Row of the first answer in the training columns. */
  first: number;
  answers: string[];
}

interface ReadAnswersOptions {
  read: Omit<ReadOptions, 'signal' | 'batchSize'>;
  signal: AbortSignal | undefined;
  /** Receives the number of records read. */
  onProgress: (records: number) => void;
}

/**
 * Reads the answers of the rows that `readColumns` returned, in order.
 *
 * @param kept number of the record of every row, ascending
 * @throws EngineError like `readRecords`
 */
export async function* readAnswers(
  paths: readonly string[],
  { read, signal, onProgress }: ReadAnswersOptions,
  kept: readonly number[],
): AsyncGenerator<AnswerBatch> {
  let record = 0;
  let row = 0;
  for await (const { records } of readRecords(paths, { ...read, signal })) {
    const first = row;
    const answers: string[] = [];
    for (const { answer } of records) {
      if (kept[row] === record++) {
        answers.push(answer);
        row++;
      }
    }
    yield { first, answers };
    onProgress(record);
  }
}
