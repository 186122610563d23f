import { EngineError } from '../core/errors.js';
import { labelRows } from '../core/row-labels.js';
import type { ReadOptions } from '../records/read-options.js';
import { readRecords } from '../records/read-records.js';
import { valueId } from '../records/record.js';
import { prepareText, type TextPreparation } from '../text/text-preparation.js';
import { encodeQa } from '../text/tokenizers/encode-qa.js';
import type { Tokenizer } from '../text/tokenizers/tokenizer.js';
import { TokenTable } from './token-table.js';

/** All records of a training run by column, each text tokenised once. Row i of every column is record i. */
export interface TrainingSet {
  rows: number;
  /** Value id of every row, as an index into `names`, which is sorted. */
  labels: Int32Array;
  names: string[];
  /** File of every row, as an index into `sourceNames`. */
  sources: Int32Array;
  sourceNames: string[];
  qids: string[];
  /** What a question-disjoint split keeps together: the theme of a question where the record names one, else its id. */
  groups: string[];
  tokens: TokenTable;
}

export interface ReadTrainingSetOptions {
  read: Omit<ReadOptions, 'signal' | 'batchSize'>;
  /** Longest view, special tokens included. */
  maxTokens: number;
  /** What the encoder wants done to each text before it is tokenised. */
  preparation: TextPreparation;
  /** Value ids with fewer answers are left out. */
  minPerId: number;
  signal: AbortSignal | undefined;
  onProgress: (rows: number) => void;
}

/**
 * Reads files of records into memory, tokenising them on the way.
 *
 * @param tokenizer one that {@link Tokenizer.splitsAtNewlines splits at newlines}, as views are texts joined by them
 * @throws EngineError as `readRecords`; `ERR_ARG_RANGE` naming the value ids with a single answer, of which no two
 *   views can be drawn, and where fewer than two value ids are left
 */
export async function readTrainingSet(
  paths: readonly string[],
  tokenizer: Tokenizer,
  { read, maxTokens, preparation, minPerId, signal, onProgress }: ReadTrainingSetOptions,
): Promise<TrainingSet> {
  const ids: string[] = [];
  const sources: string[] = [];
  const qids: string[] = [];
  const groups: string[] = [];
  const tokens = new TokenTable(tokenizer.before, tokenizer.after, maxTokens);
  for await (const { records, file } of readRecords(paths, { ...read, signal })) {
    for (const record of records) {
      ids.push(valueId(record));
      sources.push(file);
      qids.push(record.qid);
      groups.push(record.group ?? record.qid);
    }
    // What one view can hold of a text is all that is ever used of it.
    tokens.append(
      await encodeQa(tokenizer, records, { maxTokens, signal, prepare: (text) => prepareText(preparation, text) }),
    );
    onProgress(ids.length);
  }
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  const kept = [...ids.keys()].filter((row) => counts.get(ids[row]!)! >= minPerId);
  const at = <T>(column: readonly T[]): T[] => kept.map((row) => column[row]!);
  const labels = labelRows(at(ids));
  expectViews(labels.names, counts);
  const files = labelRows(at(sources));
  return {
    rows: kept.length,
    labels: labels.labels,
    names: labels.names,
    sources: files.labels,
    sourceNames: files.names,
    qids: at(qids),
    groups: at(groups),
    tokens: tokens.select(kept),
  };
}

function expectViews(names: readonly string[], counts: ReadonlyMap<string, number>): void {
  const single = names.filter((name) => counts.get(name) === 1);
  if (single.length > 0) {
    const list = single.slice(0, 5).join(', ') + (single.length > 5 ? ` and ${single.length - 5} more` : '');
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at least two answers of every value id, got one of ${list}; leave out rare value ids with minPerId`,
    );
  }
  if (names.length < 2) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at least two value ids in the training data, got ${names.length === 0 ? 'none' : `only ${names[0]!}`}`,
    );
  }
}
