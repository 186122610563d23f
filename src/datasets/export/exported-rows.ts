import { throwIfAborted } from '../../core/abort.js';
import { type QaRecord, valueId } from '../../records/record.js';
import type { Dataset } from '../dataset.js';

/** Columns of an export before those of the vectors. */
export const EXPORT_COLUMNS = ['valueId', 'model', 'lang', 'qid', 'group', 'question', 'answer'] as const;

export type ExportColumn = (typeof EXPORT_COLUMNS)[number];

/** Consecutive rows of a dataset. */
export interface ExportedRows {
  records: QaRecord[];
  /** [records.length, dim]; undefined without vectors. */
  vectors: Float32Array | undefined;
}

/** Reads a dataset in parts that fit into memory, however large it is. */
export async function* exportedRows(
  dataset: Dataset,
  { rowsPerPart, withVectors, signal }: { rowsPerPart: number; withVectors: boolean; signal: AbortSignal | undefined },
): AsyncGenerator<ExportedRows> {
  const reader = withVectors ? dataset.openEmbeddings() : undefined;
  let first = 0;
  const take = async (records: QaRecord[]): Promise<ExportedRows> => {
    throwIfAborted(signal);
    const vectors = reader && new Float32Array(records.length * dataset.dim);
    if (vectors) await reader.read(first, vectors);
    first += records.length;
    return { records, vectors };
  };
  try {
    let records: QaRecord[] = [];
    for await (const record of dataset.records()) {
      records.push(record);
      if (records.length < rowsPerPart) continue;
      yield await take(records);
      records = [];
    }
    if (records.length > 0) yield await take(records);
  } finally {
    await reader?.close();
  }
}

/** Returns the cell of a column; null for a question without a group. */
export function cellOf(record: QaRecord, column: ExportColumn): string | null {
  return column === 'valueId' ? valueId(record) : (record[column] ?? null);
}
