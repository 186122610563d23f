/** CSV with a header row: see csv-splitter.ts for the dialect. A byte order mark is allowed. */
import { EngineError } from '../../core/errors.js';
import { type CsvRecord, CsvSplitter } from './csv-splitter.js';
import type { RawRow } from './raw-row.js';

/**
 * Reads the rows of a CSV byte stream, one block per chunk.
 *
 * @param file name of the file, for messages
 */
export async function* readCsv(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<RawRow[]> {
  const splitter = new CsvSplitter();
  let header: string[] | undefined;
  const toRows = (records: CsvRecord[]): RawRow[] => {
    const body = header ? records : records.slice(1);
    header ??= records[0] && headerOf(records[0], file);
    return header ? body.map((record) => toRow(record, header!)) : [];
  };
  for await (const chunk of chunks) yield toRows(splitter.push(chunk));
  yield toRows(splitter.end());
}

function headerOf({ fields, line }: CsvRecord, file: string): string[] {
  if (typeof fields === 'string')
    throw new EngineError('ERR_DATA', `${file}:${line}: the header cannot be read: ${fields}`);
  const names = fields.map((name) => name.trim());
  const duplicate = names.find((name, i) => names.indexOf(name) !== i);
  if (duplicate !== undefined)
    throw new EngineError('ERR_DATA', `${file}:${line}: the header contains the column "${duplicate}" more than once`);
  return names;
}

function toRow({ fields, line, text }: CsvRecord, header: readonly string[]): RawRow {
  if (typeof fields === 'string') return { line, cells: fields, text };
  if (fields.length !== header.length) {
    return { line, cells: `the record has ${fields.length} fields, but the header has ${header.length}`, text };
  }
  const cells: Record<string, string> = {};
  for (let i = 0; i < header.length; i++) cells[header[i]!] = fields[i]!;
  return { line, cells, text };
}
