/**
 * Splits a stream of bytes into lines without copying: a line is reported as a range of the chunk it lies in, and only
 * a line that straddles chunks is joined. Holds at most one line.
 */
const LF = 10;

/** Longest line in bytes, 64 MiB: beyond it a file is most likely not what it claims to be. */
export const MAX_LINE_BYTES = 64 * 2 ** 20;

/** Bytes that are kept of a line beyond the limit, so that a message can show what it was. */
const KEPT_OF_LONG_LINE = 1000;

export interface Line {
  /** The line is `bytes[start, end)`, without its line feed; valid during the call only. */
  bytes: Buffer;
  start: number;
  end: number;
  /** Position in the stream of the first byte after the line and its line feed. */
  next: number;
  /** Line number, counted from 1. */
  number: number;
  /** True when the line is longer than the limit; then only its beginning is there. */
  tooLong: boolean;
}

export class LineSplitter {
  #carry: Buffer[] = [];
  #carryBytes = 0;
  /** Bytes of the stream before the chunk at hand. */
  #position = 0;
  #number = 0;

  /** @param maxLineBytes longest line that is reported whole. @default 64 MiB */
  constructor(private readonly maxLineBytes = MAX_LINE_BYTES) {}

  /**
   * Takes the next bytes of the file, which the caller must not change afterwards, and reports each line that ends in
   * them.
   */
  push(chunk: Buffer, onLine: (line: Line) => void): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      if (this.#carryBytes > 0) {
        this.#keep(chunk.subarray(start, end));
        this.#reportCarry(this.#position + end + 1, onLine);
      } else {
        const next = this.#position + end + 1;
        const tooLong = end - start > this.maxLineBytes;
        this.#report({ bytes: chunk, start, end, next, number: ++this.#number, tooLong }, onLine);
      }
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    this.#position += chunk.length;
  }

  /** Reports the last line where the file does not end with a line feed. */
  end(onLine: (line: Line) => void): void {
    if (this.#carryBytes > 0) this.#reportCarry(this.#position, onLine);
  }

  #keep(part: Buffer): void {
    this.#carryBytes += part.length;
    // A line that is too long is reported by its beginning; nothing is held of the rest.
    if (this.#carryBytes <= this.maxLineBytes) this.#carry.push(part);
    else if (this.#carry.length > 0) this.#carry = [Buffer.concat(this.#carry).subarray(0, KEPT_OF_LONG_LINE)];
    else this.#carry = [part.subarray(0, KEPT_OF_LONG_LINE)];
  }

  #reportCarry(next: number, onLine: (line: Line) => void): void {
    const bytes = this.#carry.length === 1 ? this.#carry[0]! : Buffer.concat(this.#carry);
    const tooLong = this.#carryBytes > this.maxLineBytes;
    this.#carry = [];
    this.#carryBytes = 0;
    this.#report({ bytes, start: 0, end: bytes.length, next, number: ++this.#number, tooLong }, onLine);
  }

  #report(line: Line, onLine: (line: Line) => void): void {
    if (line.tooLong) line.end = Math.min(line.end, line.start + KEPT_OF_LONG_LINE);
    onLine(line);
  }
}
