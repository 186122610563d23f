/** JSON Lines: one JSON object per line, UTF-8, LF or CRLF. Blank lines are ignored; a byte order mark is allowed. */
import { isUtf8 } from 'node:buffer';
import { toUSVString } from 'node:util';
import { type Line, LineSplitter, MAX_LINE_BYTES } from './line-splitter.js';
import type { RawRow } from './raw-row.js';

/** The escape of a surrogate, or a backslash followed by text that looks like one. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/** Ends the reason if a file holds one array of rows. */
const ARRAY = "; jq -c '.[]' turns an array of rows into lines";

export interface JsonlRow extends RawRow {
  /** Position in the file of the first byte after the row and its line feed. */
  end: number;
}

/** Reads the rows of a JSONL byte stream, one block per chunk. */
export async function* readJsonl(chunks: AsyncIterable<Buffer>): AsyncGenerator<JsonlRow[]> {
  const splitter = new LineSplitter();
  for await (const chunk of chunks) yield rowsOf((onLine) => splitter.push(chunk, onLine));
  yield rowsOf((onLine) => splitter.end(onLine));
}

/** Parses the rows of JSONL in memory. */
export function parseJsonl(bytes: Buffer): JsonlRow[] {
  const splitter = new LineSplitter();
  return rowsOf((onLine) => {
    splitter.push(bytes, onLine);
    splitter.end(onLine);
  });
}

/** @param split calls its argument with every line */
function rowsOf(split: (onLine: (line: Line) => void) => void): JsonlRow[] {
  const rows: JsonlRow[] = [];
  split((line) => {
    const row = parseLine(line);
    if (row) rows.push(row);
  });
  return rows;
}

function parseLine({ bytes, start, end, next, number, tooLong }: Line): JsonlRow | undefined {
  let text = bytes.toString('utf8', start, end);
  if (number === 1 && text.startsWith('\uFEFF')) text = text.slice(1);
  const row: JsonlRow = { line: number, end: next, cells: '', text };
  if (tooLong) {
    row.cells = `the line is longer than ${MAX_LINE_BYTES} bytes`;
    return row;
  }
  // Decoding replaces invalid bytes with U+FFFD, so only lines that contain it need the check.
  if (text.includes('\uFFFD') && !isUtf8(bytes.subarray(start, end))) {
    row.cells = 'the line is not valid UTF-8';
    return row;
  }
  try {
    // Lone surrogates can only come from escapes. They have no UTF-8 form, so they would change when written to a file.
    const value: unknown = SURROGATE_ESCAPE.test(text) ? JSON.parse(text, wellFormed) : JSON.parse(text);
    row.cells = isObject(value) ? value : 'the line is JSON, but not an object' + (Array.isArray(value) ? ARRAY : '');
  } catch (error) {
    if (text.trim() === '') return undefined;
    row.cells = `the line is not valid JSON: ${(error as SyntaxError).message.slice(0, 200)}`;
    if (number === 1 && text.trimStart().startsWith('[')) row.cells += ARRAY;
  }
  return row;
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? toUSVString(value) : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
