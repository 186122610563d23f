/**
 * Splits a stream of bytes into CSV records as defined by RFC 4180: double quotes (doubled inside a quoted field), LF
 * or CRLF, line breaks inside quotes. Fields are separated by commas, tabs, or semicolons, which spreadsheets write
 * where the comma is the decimal point; the header tells which. Works on bytes, so that it detects invalid UTF-8 and
 * reports the line numbers of the file. Continues at the next line after a malformed record.
 */
import { isUtf8 } from 'node:buffer';

import { MAX_LINE_BYTES } from './line-splitter.js';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;
const SEMICOLON = 59;
const TAB = 9;
const BOM = Buffer.from('\uFEFF');

export interface CsvRecord {
  /** Line on which the record begins, counted from 1. */
  line: number;
  /** The fields, or a string that says what is wrong with the record. */
  fields: string[] | string;
  /** The record as in the file, without its line end; only the first line if the record is malformed. */
  text: string;
}

/** The end of a record, or the reason why it is not known. */
interface Scan {
  fields: string[];
  /** Offset after the line end, or of the problem; -1 if more bytes are needed. */
  next: number;
  problem: string | undefined;
}

export class CsvSplitter {
  #rest: Buffer = Buffer.alloc(0);
  #line = 1;
  #wanted = BOM.length;
  #begun = false;
  #separator: number | undefined;
  #skippingLine = false;

  /** @param maxRecordBytes size limit of a record. @default 64 MiB */
  constructor(private readonly maxRecordBytes = MAX_LINE_BYTES) {}

  /** Takes the next bytes of the file and returns the records that end in them. Skips blank lines. */
  push(chunk: Buffer): CsvRecord[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    return this.#rest.length < this.#wanted ? [] : this.#split(false);
  }

  /** Returns the remaining records at the end of the file. */
  end(): CsvRecord[] {
    return this.#split(true);
  }

  #split(atEnd: boolean): CsvRecord[] {
    const bytes = this.#rest;
    const header = bytes.indexOf(LF);
    if (this.#separator === undefined) {
      if (header < 0 && !atEnd && bytes.length <= this.maxRecordBytes) return [];
      this.#separator = separatorOf(
        bytes.subarray(0, Math.min(header < 0 ? bytes.length : header, this.maxRecordBytes)),
      );
    }
    const separator = this.#separator;
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
      const { fields, next, problem: malformed } = scanRecord(bytes, start, atEnd, separator);
      const tooLong = (next < 0 ? bytes.length : next) - start > this.maxRecordBytes;
      if (!tooLong && (malformed === undefined ? next < 0 : !lineEnds)) break;
      const problem = tooLong
        ? `the record is longer than ${this.maxRecordBytes} bytes (is there an unclosed quote?)`
        : malformed;
      if (problem !== undefined) {
        // The end of the record is unknown. Continuing at the next line skips as little as possible.
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
    // A record that spans many chunks is scanned again only once twice as much of it has arrived.
    this.#wanted = this.#rest.length * 2;
    return records;
  }
}

/** Returns the text of a record without its line end. */
function textOf(bytes: Buffer, start: number, next: number): string {
  let end = next;
  if (end > start && bytes[end - 1] === LF) end--;
  if (end > start && bytes[end - 1] === CR) end--;
  return bytes.toString('utf8', start, end);
}

/** Returns the separator that a header has most of outside quotes; the comma if it has none. */
function separatorOf(header: Buffer): number {
  const counts = new Map([COMMA, SEMICOLON, TAB].map((byte) => [byte, 0]));
  let quoted = false;
  for (const byte of header) {
    if (byte === QUOTE) quoted = !quoted;
    const count = quoted ? undefined : counts.get(byte);
    if (count !== undefined) counts.set(byte, count + 1);
  }
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

function scanRecord(bytes: Buffer, start: number, atEnd: boolean, separator: number): Scan {
  const fields: string[] = [];
  const stop = (next: number, problem?: string): Scan => ({ fields, next, problem });
  let at = start;
  for (;;) {
    let end: number;
    if (bytes[at] === QUOTE) {
      const close = closingQuote(bytes, at + 1);
      if (close < 0) return atEnd ? stop(bytes.length, 'a quote is never closed') : stop(-1);
      // The byte after the quote decides whether the field ends here.
      if (close + 1 >= bytes.length && !atEnd) return stop(-1);
      const text = bytes.toString('utf8', at + 1, close);
      fields.push(text.includes('"') ? text.replaceAll('""', '"') : text);
      end = close + 1;
      if (bytes[end] === CR && bytes[end + 1] === LF) end++;
      else if (bytes[end] === CR && end + 1 >= bytes.length && !atEnd) return stop(-1);
      if (end < bytes.length && bytes[end] !== separator && bytes[end] !== LF) {
        return stop(end, 'there is text after a closing quote (write a quote inside a field twice)');
      }
    } else {
      end = at;
      while (end < bytes.length && bytes[end] !== separator && bytes[end] !== LF) {
        // Programs that write tabs often do not quote at all.
        if (bytes[end] === QUOTE && separator !== TAB) return stop(end, 'an unquoted field contains a quote');
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

/**
 * Finds the quote that closes a field whose text begins at `from`; returns its offset, or -1 if it is not there yet.
 */
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
