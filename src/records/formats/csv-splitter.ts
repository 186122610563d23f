/**
 * Splits a stream of bytes into CSV records as RFC 4180 defines them: comma, double quotes, quotes inside doubled, LF
 * or CRLF, line breaks inside quotes. Works on bytes, so that invalid UTF-8 is seen and the line numbers are those of
 * the file, and goes on at the next line after a malformed record.
 */
import { isUtf8 } from 'node:buffer';

import { MAX_LINE_BYTES } from './line-splitter.js';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;
const BOM = Buffer.from('\uFEFF');

export interface CsvRecord {
  /** Line the record begins on, counted from 1. */
  line: number;
  /** The fields; a string says what is wrong with the record. */
  fields: string[] | string;
  /** The record as it stands in the file, without its line end; of a malformed record the first line only. */
  text: string;
}

/** Where a record ends, or why that is not known. */
interface Scan {
  fields: string[];
  /** Offset behind the line end, or of the problem; -1 where more bytes are needed. */
  next: number;
  problem: string | undefined;
}

export class CsvSplitter {
  #rest: Buffer = Buffer.alloc(0);
  #line = 1;
  #wanted = BOM.length;
  #begun = false;
  #skippingLine = false;

  /** @param maxRecordBytes longest record that is read. @default 64 MiB */
  constructor(private readonly maxRecordBytes = MAX_LINE_BYTES) {}

  /** Takes the next bytes of the file and returns the records that end in them. Blank lines are left out. */
  push(chunk: Buffer): CsvRecord[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    return this.#rest.length < this.#wanted ? [] : this.#split(false);
  }

  /** Returns what is left when the file ends. */
  end(): CsvRecord[] {
    return this.#split(true);
  }

  #split(atEnd: boolean): CsvRecord[] {
    const bytes = this.#rest;
    const records: CsvRecord[] = [];
    let start = !this.#begun && BOM.equals(bytes.subarray(0, BOM.length)) ? BOM.length : 0;
    this.#begun = true;
    while (start < bytes.length) {
      const lineFeed = bytes.indexOf(LF, start);
      const lineEnds = lineFeed >= 0 || atEnd;
      const nextLine = lineFeed >= 0 ? lineFeed + 1 : bytes.length;
      if (this.#skippingLine) {
        this.#skippingLine = !lineEnds;
        if (lineEnds) this.#line++;
        start = nextLine;
        continue;
      }
      const { fields, next, problem: malformed } = scanRecord(bytes, start, atEnd);
      const tooLong = (next < 0 ? bytes.length : next) - start > this.maxRecordBytes;
      if (!tooLong && (malformed === undefined ? next < 0 : !lineEnds)) break;
      const problem = tooLong
        ? `the record is longer than ${this.maxRecordBytes} bytes (is a quote left open?)`
        : malformed;
      if (problem !== undefined) {
        // Where the record ends is a guess: the next line, which leaves out as little as possible, is the best one.
        records.push({
          line: this.#line,
          fields: problem,
          text: textOf(bytes, start, Math.min(nextLine, start + this.maxRecordBytes)),
        });
        this.#skippingLine = !lineEnds;
        if (lineEnds) this.#line++;
        start = nextLine;
        continue;
      }
      const text = textOf(bytes, start, next);
      const valid = isUtf8(bytes.subarray(start, next));
      if (text !== '')
        records.push({ line: this.#line, fields: valid ? fields : 'the record is not valid UTF-8', text });
      this.#line += countLineFeeds(bytes, start, next);
      start = next;
    }
    this.#rest = bytes.subarray(start);
    // A record over many chunks is scanned again only when twice as much of it is there.
    this.#wanted = this.#rest.length * 2;
    return records;
  }
}

/** The text of a record without its line end. */
function textOf(bytes: Buffer, start: number, next: number): string {
  let end = next;
  if (end > start && bytes[end - 1] === LF) end--;
  if (end > start && bytes[end - 1] === CR) end--;
  return bytes.toString('utf8', start, end);
}

function scanRecord(bytes: Buffer, start: number, atEnd: boolean): Scan {
  const fields: string[] = [];
  const stop = (next: number, problem?: string): Scan => ({ fields, next, problem });
  let at = start;
  for (;;) {
    let end: number;
    if (bytes[at] === QUOTE) {
      const close = closingQuote(bytes, at + 1);
      if (close < 0) return atEnd ? stop(bytes.length, 'a quote is never closed') : stop(-1);
      // The byte behind the quote decides whether the field ends here.
      if (close + 1 >= bytes.length && !atEnd) return stop(-1);
      const text = bytes.toString('utf8', at + 1, close);
      fields.push(text.includes('"') ? text.replaceAll('""', '"') : text);
      end = close + 1;
      if (bytes[end] === CR && bytes[end + 1] === LF) end++;
      else if (bytes[end] === CR && end + 1 >= bytes.length && !atEnd) return stop(-1);
      if (end < bytes.length && bytes[end] !== COMMA && bytes[end] !== LF) {
        return stop(end, 'there is text behind a closing quote (a quote inside a field is written twice)');
      }
    } else {
      end = at;
      while (end < bytes.length && bytes[end] !== COMMA && bytes[end] !== LF) {
        if (bytes[end] === QUOTE) return stop(end, 'there is a quote inside a field that does not begin with one');
        end++;
      }
      if (end === bytes.length && !atEnd) return stop(-1);
      const cut = bytes[end] === LF && end > at && bytes[end - 1] === CR ? 1 : 0;
      fields.push(bytes.toString('utf8', at, end - cut));
    }
    if (end >= bytes.length) return stop(bytes.length);
    if (bytes[end] === LF) return stop(end + 1);
    at = end + 1;
  }
}

/** Offset of the quote that closes a field whose text begins at `from`; -1 where there is none yet. */
function closingQuote(bytes: Buffer, from: number): number {
  for (let at = from; ; at += 2) {
    at = bytes.indexOf(QUOTE, at);
    if (at < 0 || bytes[at + 1] !== QUOTE) return at;
  }
}

function countLineFeeds(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LF, start); at >= 0 && at < end; at = bytes.indexOf(LF, at + 1)) count++;
  return count;
}
