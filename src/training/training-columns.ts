import { EngineError } from '../core/errors.js';
import { labelRows } from '../core/row-labels.js';
import type { RejectedRow } from '../records/formats/raw-row.js';
import type { ReadOptions } from '../records/read-options.js';
import { readRecords } from '../records/read-records.js';
import { type QaRecord, valueId } from '../records/record.js';

/** The records of a training run in columns, without their texts. Row i of every column is the same record. */
export interface TrainingColumns {
  rows: number;
  /** Value id of every row, as an index into `names`, which is sorted. */
  labels: Int32Array;
  names: string[];
  /** File of every row, as an index into `sourceNames`. */
  sources: Int32Array;
  sourceNames: string[];
  qids: string[];
  /**
   * Groups that a question-disjoint split keeps together: the `group` of each record, or its question id if it has
   * none.
   */
  groups: string[];
}

export interface ReadColumnsOptions {
  read: Omit<ReadOptions, 'signal' | 'batchSize'>;
  /** Excludes value ids with fewer answers. */
  minPerId: number;
  signal: AbortSignal | undefined;
  /** Receives the number of records read. */
  onProgress: (records: number) => void;
  /** Receives the rows that were skipped, in batches. */
  onSkip?: ((rows: readonly RejectedRow[]) => void) | undefined;
}

/**
 * Reads the columns of files of records.
 *
 * @param onRecords receives all records in batches, before value ids are excluded
 * @returns the columns, and for every row the number of its record
 * @throws EngineError like `readRecords`; `ERR_ARG_RANGE` if value ids have a single answer, from which no pair can be
 *   drawn, or if fewer than two value ids are left
 */
export async function readColumns(
  paths: readonly string[],
  { read, minPerId, signal, onProgress, onSkip }: ReadColumnsOptions,
  onRecords: (records: readonly QaRecord[]) => Promise<void> = () => Promise.resolve(),
): Promise<{ columns: TrainingColumns; kept: number[] }> {
  const ids: string[] = [];
  const sources: string[] = [];
  const qids: string[] = [];
  const groups: string[] = [];
  for await (const { records, rejected, file } of readRecords(paths, { ...read, signal })) {
    for (const record of records) {
      ids.push(valueId(record));
      sources.push(file);
      qids.push(record.qid);
      groups.push(record.group ?? record.qid);
    }
    if (rejected.length > 0) onSkip?.(rejected);
    await onRecords(records);
    onProgress(ids.length);
  }
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  const kept = [...ids.keys()].filter((row) => counts.get(ids[row]!)! >= minPerId);
  const at = <T>(column: readonly T[]): T[] => kept.map((row) => column[row]!);
  const labels = labelRows(at(ids));
  expectPairs(labels.names, counts);
  const files = labelRows(at(sources));
  const columns = {
    rows: kept.length,
    labels: labels.labels,
    names: labels.names,
    sources: files.labels,
    sourceNames: files.names,
    qids: at(qids),
    groups: at(groups),
  };
  return { columns, kept };
}

function expectPairs(names: readonly string[], counts: ReadonlyMap<string, number>): void {
  const single = names.filter((name) => counts.get(name) === 1);
  if (single.length > 0) {
    const list = single.slice(0, 5).join(', ') + (single.length > 5 ? ` and ${single.length - 5} more` : '');
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at least two answers per value id, got one for ${list}; exclude rare value ids with minPerId`,
    );
  }
  if (names.length < 2) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at least two value ids in the training data, got ${names.length === 0 ? 'none' : `only ${names[0]!}`}`,
    );
  }
}
