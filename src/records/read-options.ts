import { DatasetLanguages } from '../core/languages.js';
import {
  expectArray,
  expectBoolean,
  expectInteger,
  expectOneOf,
  expectOptions,
  expectSignal,
  expectString,
  expectStrings,
  fail,
} from '../core/validate.js';
import { expectFormat, type InputFormat } from './input-files.js';
import type { QaRecord } from './record.js';
import { expectFields } from './record-fields.js';

/** Fields of a record in the order in which they are written. */
export const RECORD_FIELDS = [
  'qid',
  'question',
  'answer',
  'model',
  'lang',
  'group',
] as const satisfies readonly (keyof QaRecord)[];

const DEFAULTABLE = ['model', 'lang', 'group'] as const;

/** Fields that rows can be allowed not to have. */
const OPTIONAL = ['question', 'model', 'lang'] as const;

/** Options of `readRecords`. */
export interface ReadOptions {
  /** Name of the column that holds each field. @default the name of the field */
  columns?: Partial<Record<keyof QaRecord, string>> | undefined;
  /** Values for rows that have none, for example `{ lang: 'eng' }` for a file in one language. @default none */
  defaults?: Partial<Record<(typeof DEFAULTABLE)[number], string>> | undefined;
  /**
   * Fields that rows need not have; they are then empty strings. An id that is not given is derived from the answer if
   * the row has no question.
   * @default none
   */
  optional?: readonly (typeof OPTIONAL)[number][] | undefined;
  /**
   * Languages of the dataset to which the rows will be added. A row in one of them gets the spelling of the dataset.
   * @default none, so that all languages become ISO 639-3 codes
   */
  languages?: readonly string[] | undefined;
  /** Reads every file in this format. @default chosen by the extension of each file */
  format?: InputFormat | undefined;
  /** Skips and reports bad rows instead of failing at the first one. @default false */
  skipBad?: boolean | undefined;
  /** Maximum number of records in a batch, at least 1. @default 512 */
  batchSize?: number | undefined;
  /** Stops the reading with `ERR_ABORTED`. */
  signal?: AbortSignal | undefined;
}

const KEYS = [
  'columns',
  'defaults',
  'optional',
  'languages',
  'format',
  'skipBad',
  'batchSize',
  'signal',
] as const satisfies readonly (keyof ReadOptions)[];

/** The options with all defaults filled in. */
export interface ResolvedReadOptions {
  columns: Record<keyof QaRecord, string>;
  /** Fields for which the caller specified a column. */
  mapped: ReadonlySet<keyof QaRecord>;
  defaults: Partial<Record<keyof QaRecord, string>>;
  optional: ReadonlySet<keyof QaRecord>;
  languages: DatasetLanguages;
  format: InputFormat | undefined;
  skipBad: boolean;
  batchSize: number;
  signal: AbortSignal | undefined;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`
 */
export function resolveReadOptions(options: ReadOptions = {}): ResolvedReadOptions {
  const given = expectOptions(options, 'options', KEYS) as ReadOptions;
  const { optional = [], format, skipBad = false, batchSize = 512, signal } = given;
  const columns = expectOptions(given.columns, 'columns', RECORD_FIELDS) as NonNullable<ReadOptions['columns']>;
  const defaults = expectOptions(given.defaults, 'defaults', DEFAULTABLE) as NonNullable<ReadOptions['defaults']>;
  for (const [name, map] of Object.entries({ columns, defaults })) {
    for (const [field, value] of Object.entries(map)) {
      if (expectString(value, `${name}.${field}`).trim() === '')
        fail('ERR_ARG_RANGE', 'a string that is not blank', `${name}.${field}`, value);
    }
  }
  const languages = new DatasetLanguages(
    given.languages === undefined ? [] : expectStrings(given.languages, 'languages'),
  );
  expectFields(defaults, 'defaults', languages);
  expectArray(optional, 'optional', (field, name) => expectOneOf(field, name, OPTIONAL));
  expectFormat(format);
  expectBoolean(skipBad, 'skipBad');
  expectInteger(batchSize, 'batchSize', 1);
  expectSignal(signal, 'signal');
  const named = Object.fromEntries(RECORD_FIELDS.map((field) => [field, columns[field] ?? field])) as Record<
    keyof QaRecord,
    string
  >;
  return {
    columns: named,
    mapped: new Set(Object.keys(columns) as (keyof QaRecord)[]),
    defaults: defaults.lang === undefined ? defaults : { ...defaults, lang: languages.spell(defaults.lang)! },
    optional: new Set(optional),
    languages,
    format,
    skipBad,
    batchSize,
    signal,
  };
}
