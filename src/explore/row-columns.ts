/** What a page knows of every answer without its text, from one pass over the records. */
import { throwIfAborted } from '../core/abort.js';
import { allocateUint32 } from '../core/allocate.js';
import type { Dataset } from '../datasets/dataset.js';
import type { DerivedFolder } from './derived/derived-folder.js';

export interface RowColumns {
  /** For every row, the number of its question id. */
  questions: Uint32Array;
  /** For every question, its first row. */
  firstRows: Uint32Array;
  /** For every row, the UTF-16 units of the answer. */
  lengths: Uint32Array;
}

export interface RowColumnsOptions {
  signal: AbortSignal | undefined;
  onProgress: (rows: number) => void;
}

const FILE = 'columns.bin';

/** Reads the columns from disk, or computes and saves them. @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_ABORTED` */
export async function loadRowColumns(
  dataset: Dataset,
  folder: DerivedFolder,
  options: RowColumnsOptions,
): Promise<RowColumns> {
  const made = { records: dataset.recordsChecksum, rows: dataset.rows };
  const file = await folder.read(FILE);
  if (file && JSON.stringify(file.made) === JSON.stringify(made)) {
    const { questions, firstRows, lengths } = file.arrays;
    if (isColumn(questions, dataset.rows) && isColumn(lengths, dataset.rows) && firstRows instanceof Uint32Array)
      return { questions, firstRows, lengths };
  }
  const columns = await computeColumns(dataset, options);
  await folder.write(FILE, { made, data: null, arrays: { ...columns } });
  return columns;
}

function isColumn(array: unknown, rows: number): array is Uint32Array {
  return array instanceof Uint32Array && array.length === rows;
}

async function computeColumns(dataset: Dataset, { signal, onProgress }: RowColumnsOptions): Promise<RowColumns> {
  const questions = allocateUint32(dataset.rows, 'the questions');
  const lengths = allocateUint32(dataset.rows, 'the lengths');
  const numbers = new Map<string, number>();
  const firstRows: number[] = [];
  let row = 0;
  for await (const block of dataset.recordBlocks()) {
    throwIfAborted(signal);
    for (const { qid, answer } of block) {
      let number = numbers.get(qid);
      if (number === undefined) {
        numbers.set(qid, (number = firstRows.length));
        firstRows.push(row);
      }
      questions[row] = number;
      lengths[row++] = answer.length;
    }
    onProgress(row);
  }
  return { questions, firstRows: Uint32Array.from(firstRows), lengths };
}
