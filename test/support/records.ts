import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';

import type { QaRecord } from '../../src/records/record.js';

/** Strings allowed in records: any well-formed Unicode, including line breaks, quotes and control characters. */
const anyCharacter = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 });
const awkwardCharacter = fc.constantFrom('"', ',', '\n', '\r\n', '\r', '\\', '\t', '\uFEFF', '\uFFFD');
const text = fc.string({ unit: fc.oneof({ weight: 4, arbitrary: anyCharacter }, awkwardCharacter), maxLength: 30 });
const filled = text.filter((value) => /\S/.test(value));

/** An id or a name cannot contain control characters and line ends. */
const named = filled.map((value) => value.replace(/[\p{Cc}\u2028\u2029]/gu, '')).filter((value) => /\S/.test(value));

export const arbitraryRecord: fc.Arbitrary<QaRecord> = fc.record({
  qid: named,
  question: filled,
  answer: filled,
  model: named,
  lang: fc.constantFrom('eng', 'zho', 'zho-Hant', 'x-pirate'),
});

export const toJsonl = (records: readonly QaRecord[], lineEnd = '\n'): string =>
  records.map((record) => JSON.stringify(record) + lineEnd).join('');

/** Writes CSV like spreadsheets, with quotes only if they are needed. */
export function toCsv(rows: readonly object[], lineEnd = '\n'): string {
  const header = Object.keys(rows[0] ?? {});
  const cell = (value: unknown): string =>
    /[",\r\n]|^\uFEFF/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);
  return [header, ...rows.map((row) => Object.values(row) as unknown[])]
    .map((cells) => cells.map(cell).join(',') + lineEnd)
    .join('');
}

export function toParquet(rows: readonly QaRecord[], rowGroupSize = 100): Buffer {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))] as (keyof QaRecord)[];
  const columnData = names.map((name) => ({
    name,
    data: rows.map((row) => String(row[name])),
    type: 'STRING' as const,
  }));
  return Buffer.from(parquetWriteBuffer({ columnData, rowGroupSize }));
}

/** Writes the records in the format that the file name implies. */
export function writeRecords(path: string, records: readonly QaRecord[]): void {
  const bytes = path.endsWith('.parquet')
    ? toParquet(records)
    : Buffer.from(path.includes('.csv') ? toCsv(records) : toJsonl(records));
  writeFileSync(path, path.endsWith('.gz') ? gzipSync(bytes) : bytes);
}
