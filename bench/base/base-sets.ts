/** Training data of the base encoder: the sets of ../shared that may be redistributed in a trained form. */
import { fileURLToPath } from 'node:url';

import { labelRows } from '../../src/core/row-labels.js';
import { readRecords } from '../../src/records/read-records.js';
import { valueId } from '../../src/records/record.js';
import type { BaseSource } from '../../src/training/ngrams/train-base.js';

export const QA = fileURLToPath(new URL('../../../shared/data/qa/', import.meta.url));

export interface BaseSet {
  /** Name in ../shared/data/qa. */
  set: string;
  licence: string;
  source: string;
  /**
   * Sets of one family share questions or answers. A base for one of them must be trained without the others.
   */
  family: string;
}

/** Answers that people wrote have this model. They are left out. */
const HUMAN = 'human';

export interface LoadedSet extends BaseSource {
  set: string;
  rows: number;
}

/** Reads the answers of a set, without their questions. */
export async function loadSet(set: string): Promise<LoadedSet> {
  const answers: string[] = [];
  const ids: string[] = [];
  for await (const { records } of readRecords([`${QA}${set}.jsonl.gz`])) {
    for (const record of records) {
      if (record.model === HUMAN) continue;
      answers.push(record.answer);
      ids.push(valueId(record));
    }
  }
  function* read() {
    for (let row = 0; row < answers.length; row += 4096) yield answers.slice(row, row + 4096);
  }
  return { ...labelRows(ids), set, rows: answers.length, read };
}
