import { createHash } from 'node:crypto';

import { EngineError } from '../core/errors.js';
import type { RawRow } from './formats/raw-row.js';
import { RECORD_FIELDS, type ResolvedReadOptions } from './read-options.js';
import type { QaRecord } from './record.js';
import { contentProblem, isBlank } from './record-fields.js';

/** Fields that every row must have; the question id can be derived and the group is optional. */
const REQUIRED = ['question', 'answer', 'model', 'lang'] as const;

/** Number of rows at the start of a JSONL file whose keys define its columns. */
export const COLUMN_SAMPLE_ROWS = 100;

/**
 * Collects the columns of a file that does not declare them: all keys of its first rows. Returns undefined if none of
 * these rows can be read.
 */
export function columnsOf(rows: readonly RawRow[]): string[] | undefined {
  const names = new Set<string>();
  for (const { cells } of rows.slice(0, COLUMN_SAMPLE_ROWS)) {
    if (typeof cells !== 'string') for (const name of Object.keys(cells)) names.add(name);
  }
  return names.size > 0 ? [...names] : undefined;
}

/** Turns the rows of one file into records. */
export class RecordMapper {
  readonly #columns: ResolvedReadOptions['columns'];
  readonly #defaults: ResolvedReadOptions['defaults'];
  readonly #optional: ResolvedReadOptions['optional'];
  readonly #languages: ResolvedReadOptions['languages'];
  readonly #derivesQid: boolean;

  /**
   * @param file name of the file, for messages
   * @param present columns of the file; undefined if they are not known, so that each row is checked separately
   * @throws EngineError `ERR_ARG_RANGE` for a mapped column that the file does not have, `ERR_DATA` for a required
   *   field without a column; both messages list the existing columns
   */
  constructor(file: string, present: readonly string[] | undefined, options: ResolvedReadOptions) {
    if (present) expectColumns(file, present, options);
    const { columns, defaults, optional, languages } = options;
    this.#columns = columns;
    this.#defaults = defaults;
    this.#optional = optional;
    this.#languages = languages;
    this.#derivesQid = present?.includes(columns.qid) === false;
  }

  /** Converts a row to a record, or returns a description of what is wrong with it. */
  map(row: RawRow): QaRecord | string {
    const { cells } = row;
    if (typeof cells === 'string') return cells;
    const columns = this.#columns;
    const values: Partial<QaRecord> = {};
    for (const field of RECORD_FIELDS) {
      const cell = cells[columns[field]] ?? undefined;
      const isId = field === 'qid' || field === 'group';
      const value = isId && (typeof cell === 'number' || typeof cell === 'bigint') ? String(cell) : cell;
      if (typeof value === 'string' && !isBlank(value)) {
        const problem = contentProblem(field, value, this.#languages);
        if (problem !== undefined) return `"${columns[field]}" ${problem}`;
        values[field] = field === 'lang' ? this.#languages.spell(value)! : value;
      } else if (value !== undefined && typeof value !== 'string') {
        return `"${columns[field]}" is ${kindOf(value)}, not a string`;
      } else if (this.#defaults[field] !== undefined) {
        values[field] = this.#defaults[field];
      } else if (this.#optional.has(field)) {
        values[field] = '';
      } else if (field === 'qid' && this.#derivesQid) {
        continue;
      } else if (field !== 'group') {
        return `"${columns[field]}" is ${value === undefined ? 'missing' : 'empty'}`;
      }
    }
    if (this.#derivesQid) {
      if (values.qid !== undefined) return `"${columns.qid}" is set, but not in the first rows of the file`;
      values.qid = questionId(values.question! || values.answer!);
    }
    return values as QaRecord;
  }
}

function expectColumns(
  file: string,
  present: readonly string[],
  { columns, defaults, mapped, optional }: ResolvedReadOptions,
): void {
  const has = `It has the columns ${present.map((name) => JSON.stringify(name)).join(', ') || '(none)'}`;
  for (const field of mapped) {
    if (present.includes(columns[field])) continue;
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected the name of a column of ${file} for "${field}", got ${JSON.stringify(columns[field])}. ${has}`,
    );
  }
  for (const field of REQUIRED) {
    if (present.includes(columns[field]) || defaults[field] !== undefined || optional.has(field)) continue;
    const noun = field === 'lang' ? 'language' : field;
    const inColumn = {
      text: `specify the column that holds the ${noun}`,
      option: { name: 'columns', value: { [field]: '...' } },
    };
    const forAllRows = {
      text: `set one ${noun} for all rows`,
      option: { name: 'defaults', value: { [field]: '...' } },
    };
    throw new EngineError('ERR_DATA', `${file} has no column "${field}". ${has}`, {
      remedies: field === 'model' || field === 'lang' ? [inColumn, forAllRows] : [inColumn],
    });
  }
}

/** Derives the id of a question that has none. Questions that differ only in surrounding white space get equal ids. */
export function questionId(question: string): string {
  return `q-${createHash('sha256').update(question.trim()).digest('hex').slice(0, 16)}`;
}

function kindOf(value: unknown): string {
  if (value instanceof Uint8Array) return 'bytes that are not UTF-8';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return `a ${typeof value}`;
}
